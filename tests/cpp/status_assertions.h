#pragma once

/// \file
/// What a status should be, for EXPECT_TRUE.

#include <arrow/status.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace usdparquet_test {

inline testing::AssertionResult IsRead(const arrow::Status& status) {
  return status.ok() ? testing::AssertionSuccess()
                     : testing::AssertionFailure() << status.ToString();
}

inline testing::AssertionResult IsRefused(const arrow::Status& status, std::string_view why) {
  if (status.ok()) return testing::AssertionFailure() << "was read";
  return status.message().find(why) != std::string::npos
             ? testing::AssertionSuccess()
             : testing::AssertionFailure() << status.ToString();
}

}  // namespace usdparquet_test
