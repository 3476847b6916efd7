// ParallelFor: every number once, errors, exceptions.

#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <stdexcept>
#include <vector>

#include "core/util/parallel_for.h"

namespace usdparquet {
namespace {

TEST(ParallelFor, CallsEveryNumberOnce) {
  for (const unsigned threads : {0u, 1u, 3u, 100u}) {
    std::vector<std::atomic<int>> calls(1000);
    EXPECT_TRUE(ParallelFor(threads, calls.size(), [&](size_t i) {
                  ++calls[i];
                  return arrow::Status::OK();
                }).ok());
    for (const auto& count : calls) EXPECT_EQ(count, 1);
  }
  EXPECT_TRUE(ParallelFor(4, 0, [](size_t) { return arrow::Status::IOError("called"); }).ok());
}

TEST(ParallelFor, ReturnsTheErrorOfTheLowestNumberAndStops) {
  std::atomic<int> calls{0};
  const arrow::Status status = ParallelFor(4, 100000, [&](size_t i) {
    ++calls;
    return i % 10 == 7 ? arrow::Status::IOError("at ", i) : arrow::Status::OK();
  });
  EXPECT_EQ(status.ToString(), "IOError: at 7");
  EXPECT_LT(calls, 100000);
}

TEST(ParallelFor, TurnsExceptionsIntoErrors) {
  const auto failing = [](size_t) -> arrow::Status { throw std::runtime_error("odd\nbytes"); };
  EXPECT_EQ(ParallelFor(3, 8, failing).message(), "odd bytes");
  const auto without_memory = [](size_t) -> arrow::Status { throw std::bad_alloc(); };
  EXPECT_TRUE(ParallelFor(3, 8, without_memory).IsOutOfMemory());
}

}  // namespace
}  // namespace usdparquet
