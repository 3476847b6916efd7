#pragma once

/// \file
/// Square matrices of bits.

#include <cstdint>
#include <utility>

namespace usdparquet {

/// Turns a matrix of 64 rows of 64 bits: bit `j` of row `i` becomes bit `i` of row `j`. After
/// H. S. Warren, "Hacker's Delight" (2012), section 7-3, with the lowest bit first.
inline void TransposeBits(uint64_t rows[64]) {
  uint64_t mask = 0x00000000ffffffffu;
  for (int size = 32; size > 0; size >>= 1, mask ^= mask << size) {
    for (int i = 0; i < 64; i = ((i | size) + 1) & ~size) {
      const uint64_t swapped = ((rows[i] >> size) ^ rows[i | size]) & mask;
      rows[i] ^= swapped << size;
      rows[i | size] ^= swapped;
    }
  }
}

}  // namespace usdparquet
