#pragma once

/// \file
/// Adding up numbers that a file says of itself.

#include <cstdint>
#include <limits>

namespace usdparquet {

/// `sum` and the size `claim`, or the largest number where that is less. A negative size is none.
/// REQUIRES: sum >= 0.
constexpr int64_t ClaimedSum(int64_t sum, int64_t claim) {
  if (claim <= 0) return sum;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  return claim > kMost - sum ? kMost : sum + claim;
}

}  // namespace usdparquet
