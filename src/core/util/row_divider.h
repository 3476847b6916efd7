#pragma once

/// \file
/// Division by a number that stays the same.

#include <cstdint>
#include <limits>

namespace usdparquet {

/// Divides by one number with a multiplication: a read divides twice, and the processor's division
/// takes several times as long.
///
/// The quotient is exact for all 32-bit numbers: D. Lemire, O. Kaser, N. Kurz, "Faster remainder by
/// direct computation" (2019), with 64 fractional bits.
class RowDivider {
 public:
  /// Divides by nothing.
  RowDivider() = default;
  /// Divides by `divisor`, or by nothing if that is 0 or 1.
  explicit RowDivider(uint32_t divisor)
      : factor_(divisor > 1 ? std::numeric_limits<uint64_t>::max() / divisor + 1 : 0) {}

  /// Whether there is a number to divide by.
  explicit operator bool() const { return factor_ != 0; }
  /// REQUIRES: there is one.
  uint32_t Quotient(uint32_t row) const {
    return static_cast<uint32_t>(static_cast<unsigned __int128>(factor_) * row >> 64);
  }

 private:
  uint64_t factor_ = 0;
};

}  // namespace usdparquet
