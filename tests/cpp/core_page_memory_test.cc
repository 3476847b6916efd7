// Memory that values share with a page: what is counted, for how long, and what becomes of a file.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

#include "core/pages/page_cache.h"
#include "core/pages/page_memory.h"
#include "test_files.h"

namespace usdparquet {
namespace {

constexpr uint32_t kElements = 10'000;
constexpr size_t kArrayBytes = kElements * sizeof(uint64_t);

/// Pages of two arrays each, in a cache of the test's own.
class PageMemory : public testing::Test {
 protected:
  static constexpr size_t kSlots = 50;

  ~PageMemory() override {
    if (cache_) cache_->Drop(slots_.get(), kSlots);
  }

  static void Fill(Page* page, uint64_t number) {
    page->first_row = static_cast<uint32_t>(number) * 2;
    page->num_rows = 2;
    page->offsets = {0, kElements, kElements + 1};
    page->values.resize(kArrayBytes + sizeof(uint64_t));
    page->cells = page->values.data();
    auto* const elements = reinterpret_cast<uint64_t*>(page->values.data());
    for (uint32_t i = 0; i <= kElements; ++i) elements[i] = number + i;
  }

  /// The memory of page `i`, as a value that shares it has it.
  std::shared_ptr<const usdparquet::PageMemory> Hold(size_t i) {
    EpochGuard guard;
    const Page* const page = cache_->Get(slots_[i], guard, [&](CachedPage* entry) {
      Fill(&entry->page, i);
      usdparquet::PageMemory::Share(&entry->page, sizeof(uint64_t), *cache_, mapped_);
    });
    cells_[i] = reinterpret_cast<const uint64_t*>(page->cells);
    EXPECT_TRUE(page->values.empty());
    return page->memory;
  }
  uint64_t Resident() const { return cache_->Stats().bytes_resident; }

  std::unique_ptr<usdparquet::PageCache> cache_ =
      std::make_unique<usdparquet::PageCache>(usdparquet::PageCache::kDefaultBudget);
  MappedMemory mapped_;
  std::unique_ptr<PageSlot[]> slots_ = std::make_unique<PageSlot[]>(kSlots);
  const uint64_t* cells_[kSlots] = {};
};

TEST_F(PageMemory, CountsUntilTheLastValueGoes) {
  auto held = Hold(0);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->charge(), kArrayBytes + sizeof(uint64_t));
  EXPECT_GT(Resident(), kArrayBytes);
  EXPECT_LT(Resident(), kArrayBytes + 1000);
  cache_->Drop(slots_.get(), kSlots);
  EXPECT_EQ(Resident(), held->charge());
  for (uint32_t i = 0; i < kElements; ++i) ASSERT_EQ(cells_[0][i], i);
  auto copy = held;
  held.reset();
  EXPECT_EQ(Resident(), copy->charge());
  std::thread([last = std::move(copy)]() mutable { last.reset(); }).join();
  EXPECT_EQ(Resident(), 0u);
}

TEST_F(PageMemory, SmallArraysAndSmallPartsAreNotShared) {
  const auto is_shared = [this](std::vector<uint32_t> offsets, size_t element_size) {
    Page page;
    page.values.resize(offsets.back() * element_size);
    page.cells = page.values.data();
    page.num_rows = static_cast<uint32_t>(offsets.size() - 1);
    page.offsets = std::move(offsets);
    usdparquet::PageMemory::Share(&page, element_size, *cache_, mapped_);
    return page.memory != nullptr;
  };
  EXPECT_FALSE(is_shared({0, 255, 510}, 8));
  EXPECT_TRUE(is_shared({0, 256, 510}, 8));
  EXPECT_TRUE(is_shared({0, 1, 16 * 256}, 8));
  EXPECT_FALSE(is_shared({0, 0, 0}, 8));
  std::vector<uint32_t> offsets = {0};
  for (uint32_t i = 1; i <= 17; ++i) offsets.push_back(i * 256);
  EXPECT_FALSE(is_shared(offsets, 8));  // a value would keep 17 times its size
  offsets.pop_back();
  EXPECT_TRUE(is_shared(offsets, 8));
  const auto held = Hold(0);
  EXPECT_TRUE(held->IsWorthSharing(kArrayBytes));
  EXPECT_FALSE(held->IsWorthSharing(sizeof(uint64_t)));
  EXPECT_LT(Resident(), held->charge() + 1000);  // that of the pages above was given back
}

TEST_F(PageMemory, HeldMemoryKeepsNoPageAndLeavesPagesAQuarter) {
  constexpr uint64_t kBudget = 8 * kArrayBytes;
  cache_->SetBudget(kBudget);
  std::vector<std::shared_ptr<const usdparquet::PageMemory>> held;
  for (size_t i = 0; i < 20; ++i) held.push_back(Hold(i));
  EXPECT_GE(cache_->Stats().evictions, 17u);  // although all are held
  EXPECT_GT(Resident(), 20 * kArrayBytes);
  for (size_t i = 0; i < 20; ++i) {
    for (uint32_t k = 0; k < kElements; k += 100) ASSERT_EQ(cells_[i][k], i + k);
  }
  // What else is read stays in a quarter of the budget, whatever is held.
  PageSlot others[4]{};
  const auto read = [&](PageSlot& slot) {
    EpochGuard guard;
    cache_->Get(slot, guard, [](CachedPage* entry) { entry->page.values.resize(10'000); });
  };
  for (int round = 0; round < 10; ++round) {
    for (PageSlot& slot : others) read(slot);
  }
  EXPECT_EQ(cache_->Stats().misses, 24u);
  held.clear();
  EXPECT_LT(Resident(), kBudget);
  cache_->Drop(others, 4);
  cache_->Drop(slots_.get(), kSlots);
  EXPECT_EQ(Resident(), 0u);
}

TEST_F(PageMemory, OutlivesTheCache) {
  const auto held = Hold(3);
  cache_->Drop(slots_.get(), kSlots);
  cache_.reset();
  for (uint32_t i = 0; i < kElements; ++i) ASSERT_EQ(cells_[3][i], 3 + i);
}

TEST_F(PageMemory, EightThreadsHoldAndLetGo) {
  cache_->SetBudget(4 * kArrayBytes);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 8; ++t) {
    threads.emplace_back([this, t] {
      std::vector<std::shared_ptr<const usdparquet::PageMemory>> held(5);
      for (size_t n = 0; n < 400; ++n) {
        const size_t i = (n * 7 + t * 13) % kSlots;
        EpochGuard guard;
        const Page* const page = cache_->Get(slots_[i], guard, [&](CachedPage* entry) {
          Fill(&entry->page, i);
          usdparquet::PageMemory::Share(&entry->page, sizeof(uint64_t), *cache_, mapped_);
        });
        held[n % held.size()] = page->memory;
        ASSERT_EQ(page->As<uint64_t>()[kElements - 1], i + kElements - 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  cache_->Drop(slots_.get(), kSlots);
  EXPECT_EQ(Resident(), 0u);
}

TEST_F(PageMemory, OfAFileThatIsClosedNeitherChangesNorEndsWithIt) {
  std::vector<uint64_t> numbers(3 * kElements);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
  const auto path = usdparquet_test::WriteBytes(
      "mapped.bin", {reinterpret_cast<const char*>(numbers.data()), 3 * kArrayBytes});
  const int file = ::open(path.c_str(), O_RDONLY);
  auto* const begin = static_cast<const std::byte*>(
      ::mmap(nullptr, 3 * kArrayBytes, PROT_READ, MAP_PRIVATE, file, 0));
  ASSERT_NE(begin, MAP_FAILED);
  ::close(file);
  const auto unmap = [](const std::byte* at) {
    ::munmap(const_cast<std::byte*>(at), 3 * kArrayBytes);
  };
  std::shared_ptr<const usdparquet::PageMemory> held;
  {
    MappedMemory mapped;
    const std::shared_ptr<const std::byte> mapping(begin, unmap);
    for (const bool is_kept : {false, true}) {
      Page page;
      page.num_rows = 1;
      page.offsets = {0, kElements};
      page.cells = begin + (is_kept ? 1000 : kArrayBytes + 8000);
      page.owner = mapping;
      usdparquet::PageMemory::Share(&page, sizeof(uint64_t), *cache_, mapped);
      ASSERT_TRUE(page.memory);
      EXPECT_FALSE(page.owner);
      EXPECT_EQ(page.memory->charge(), 0u);
      if (is_kept) held = page.memory;
    }
  }
  EXPECT_EQ(Resident(), 0u);
  std::filesystem::resize_file(path, 0);
  const auto* const elements = reinterpret_cast<const uint64_t*>(begin + 1000);
  for (uint32_t i = 0; i < kElements; ++i) ASSERT_EQ(elements[i], 125 + i);
}

}  // namespace
}  // namespace usdparquet
