// Guarded: what is thrown becomes a status.

#include <arrow/result.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

#include "core/util/guard.h"

namespace usdparquet {
namespace {

// --- The boundary. -------------------------------------------------------------------------------

TEST(Guard, ExceptionsBecomeErrors) {
  const auto thrown = Guarded([]() -> arrow::Result<int> { throw std::runtime_error("why"); });
  EXPECT_TRUE(thrown.status().IsIOError());
  EXPECT_EQ(thrown.status().message(), "why");
  EXPECT_TRUE(Guarded([]() -> arrow::Status { throw std::bad_alloc(); }).IsOutOfMemory());
  EXPECT_TRUE(Guarded([]() -> arrow::Status { throw 7; }).IsUnknownError());
  EXPECT_EQ(*Guarded([]() -> arrow::Result<int> { return 3; }), 3);
}

}  // namespace
}  // namespace usdparquet
