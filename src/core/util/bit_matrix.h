#pragma once

/// \file
/// Square matrices of bits.

#include <cstdint>

namespace usdparquet {

/// Swaps the upper right quarter with the lower left one in each square of 2 * kSize rows and bits.
/// The size is a constant, and neighbouring rows are treated alike, so that vectors are used.
template <int kSize>
void SwapSquares(uint64_t rows[64]) {
  constexpr uint64_t kMask = ~uint64_t{0} / ((uint64_t{1} << kSize) + 1);  // lower halves
  for (int square = 0; square < 64; square += 2 * kSize) {
    for (int i = square; i < square + kSize; ++i) {
      const uint64_t swapped = ((rows[i] >> kSize) ^ rows[i + kSize]) & kMask;
      rows[i] ^= swapped << kSize;
      rows[i + kSize] ^= swapped;
    }
  }
}

/// Turns a matrix of 64 rows of 64 bits: bit `j` of row `i` becomes bit `i` of row `j`. After
/// H. S. Warren, "Hacker's Delight" (2012), section 7-3, with the lowest bit first.
inline void TransposeBits(uint64_t rows[64]) {
  SwapSquares<32>(rows);
  SwapSquares<16>(rows);
  SwapSquares<8>(rows);
  SwapSquares<4>(rows);
  SwapSquares<2>(rows);
  SwapSquares<1>(rows);
}

}  // namespace usdparquet
