#include <arrow/buffer_builder.h>
#include <arrow/memory_pool.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/util/block_memory.h"

namespace usdparquet {
namespace {

uint8_t ByteAt(int64_t i) { return static_cast<uint8_t>(i * 7 + 3); }

TEST(BlockMemory, ReallocatedBlocksKeepTheirBytes) {
  // Below and above the size from which blocks are mapped, growing and shrinking.
  const std::vector<int64_t> sizes = {1, 1000, 32 << 10, 100'000, 5 << 20, 70'001, 40'000, 500};
  arrow::MemoryPool* const pool = BlockPool();
  const int64_t before = pool->bytes_allocated();
  int64_t size = 100;
  uint8_t* block = nullptr;
  ASSERT_TRUE(pool->Allocate(size, &block).ok());
  for (int64_t i = 0; i < size; ++i) block[i] = ByteAt(i);
  for (const int64_t next : sizes) {
    ASSERT_TRUE(pool->Reallocate(size, next, &block).ok());
    ASSERT_EQ(pool->bytes_allocated(), before + next);
    for (int64_t i = 0; i < std::min(size, next); ++i) ASSERT_EQ(block[i], ByteAt(i)) << next;
    for (int64_t i = size; i < next; ++i) block[i] = ByteAt(i);
    size = next;
  }
  pool->Free(block, size);
  EXPECT_EQ(pool->bytes_allocated(), before);
}

TEST(BlockMemory, WhatThereIsNoRoomForIsAnErrorAndKeepsTheBlock) {
  arrow::MemoryPool* const pool = BlockPool();
  uint8_t* block = nullptr;
  ASSERT_TRUE(pool->Allocate(100'000, &block).ok());
  block[99'999] = 42;
  uint8_t* const old = block;
  EXPECT_TRUE(pool->Reallocate(100'000, int64_t{1} << 60, &block).IsOutOfMemory());
  EXPECT_EQ(block, old);
  EXPECT_EQ(block[99'999], 42);
  pool->Free(block, 100'000);
}

TEST(BlockMemory, BuildersGrowInThePool) {
  arrow::TypedBufferBuilder<int64_t> builder(BlockPool());
  for (int64_t i = 0; i < 100'000; ++i) ASSERT_TRUE(builder.Append(i * i).ok());
  const auto buffer = builder.Finish();
  ASSERT_TRUE(buffer.ok());
  const auto* const values = reinterpret_cast<const int64_t*>((*buffer)->data());
  for (int64_t i = 0; i < 100'000; ++i) ASSERT_EQ(values[i], i * i);
}

}  // namespace
}  // namespace usdparquet
