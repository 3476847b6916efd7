#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "core/util/block_slabs.h"

namespace usdparquet {
namespace {

struct Taken {
  uint8_t* bytes;
  size_t size;
  uint8_t mark;
};

void ExpectMarked(const Taken& taken) {
  for (size_t i = 0; i < taken.size; ++i) {
    ASSERT_EQ(taken.bytes[i], taken.mark) << "byte " << i << " of " << taken.size;
  }
}

/// Takes and gives blocks of random sizes, each filled with a byte that has to be there at the end.
void TakeAndGive(BlockSlabs& slabs, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<size_t> sizes(BlockSlabs::kSmallest, BlockSlabs::kLargest);
  std::vector<Taken> all;
  for (int i = 0; i < 5'000; ++i) {
    if (all.size() < 200 && random() % 3 != 0) {
      const size_t size = sizes(random);
      auto* const bytes = static_cast<uint8_t*>(slabs.Take(size));
      ASSERT_NE(bytes, nullptr);
      ASSERT_EQ(reinterpret_cast<uintptr_t>(bytes) % 64, 0u);
      const auto mark = static_cast<uint8_t>(random());
      std::memset(bytes, mark, size);
      all.push_back({bytes, size, mark});
    } else if (!all.empty()) {
      std::swap(all[random() % all.size()], all.back());
      ExpectMarked(all.back());
      slabs.Give(all.back().bytes, all.back().size);
      all.pop_back();
    }
  }
  for (const Taken& taken : all) {
    ExpectMarked(taken);
    slabs.Give(taken.bytes, taken.size);
  }
}

TEST(BlockSlabs, BlocksOfAllSizesKeepTheirBytes) {
  BlockSlabs slabs;
  std::vector<Taken> all;
  for (size_t size = BlockSlabs::kSmallest; size <= BlockSlabs::kLargest; ++size) {
    auto* const bytes = static_cast<uint8_t*>(slabs.Take(size));
    ASSERT_NE(bytes, nullptr) << size;
    // The last byte may not be another block's.
    bytes[0] = bytes[size - 1] = static_cast<uint8_t>(size);
    all.push_back({bytes, size, static_cast<uint8_t>(size)});
    if (all.size() < 64) continue;
    for (const Taken& taken : all) {
      ASSERT_EQ(taken.bytes[0], taken.mark);
      ASSERT_EQ(taken.bytes[taken.size - 1], taken.mark);
      slabs.Give(taken.bytes, taken.size);
    }
    all.clear();
  }
  for (const Taken& taken : all) slabs.Give(taken.bytes, taken.size);
}

TEST(BlockSlabs, RandomBlocksDoNotOverlap) {
  BlockSlabs slabs;
  TakeAndGive(slabs, 1);
}

TEST(BlockSlabs, FourThreadsAtOnce) {
  BlockSlabs slabs;
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 4; ++i) threads.emplace_back([&slabs, i] { TakeAndGive(slabs, i); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(slabs.mapped_bytes(), size_t{512} << 10);
}

TEST(BlockSlabs, MemoryGoesWithItsLastBlock) {
  constexpr size_t kMebibyte = size_t{1} << 20;
  BlockSlabs slabs;
  std::vector<void*> blocks;
  for (int i = 0; i < 3'100; ++i) blocks.push_back(slabs.Take(8 * 1024));
  // Some slabs by themselves, then regions.
  EXPECT_GE(slabs.mapped_bytes(), 3'100u * 8 * 1024);
  EXPECT_LE(slabs.mapped_bytes(), 28 * kMebibyte);
  for (size_t i = 1; i < blocks.size(); ++i) slabs.Give(blocks[i], 8 * 1024);
  // Of those that may be needed again, one region and two slabs, beside that of the first block.
  EXPECT_LE(slabs.mapped_bytes(), 2 * kMebibyte + 3 * kMebibyte / 4);
  slabs.Give(blocks[0], 8 * 1024);
  EXPECT_LE(slabs.mapped_bytes(), kMebibyte / 2);
  const size_t before = slabs.mapped_bytes();
  void* const other = slabs.Take(3'000);  // in the memory that is left, for blocks of any size
  EXPECT_EQ(slabs.mapped_bytes(), before);
  slabs.Give(other, 3'000);
}

TEST(BlockSlabs, FreedBlocksAreTakenAgain) {
  BlockSlabs slabs;
  std::vector<void*> blocks;
  for (int i = 0; i < 1'000; ++i) blocks.push_back(slabs.Take(8 * 1024));
  const size_t before = slabs.mapped_bytes();
  for (size_t i = 0; i < blocks.size(); i += 2) slabs.Give(blocks[i], 8 * 1024);
  for (size_t i = 0; i < blocks.size(); i += 2) blocks[i] = slabs.Take(8 * 1024 - 1);
  EXPECT_EQ(slabs.mapped_bytes(), before);
  for (void* const block : blocks) slabs.Give(block, 8 * 1024);
}

}  // namespace
}  // namespace usdparquet
