// Bits of 64 rows, turned.

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "core/util/bit_matrix.h"

namespace usdparquet {
namespace {

TEST(BitMatrix, TurnsEveryBit) {
  std::mt19937_64 random(7);
  uint64_t rows[64], turned[64];
  for (int i = 0; i < 64; ++i) turned[i] = rows[i] = random();
  TransposeBits(turned);
  for (int i = 0; i < 64; ++i) {
    for (int j = 0; j < 64; ++j) ASSERT_EQ(rows[i] >> j & 1, turned[j] >> i & 1) << i << " " << j;
  }
}

}  // namespace
}  // namespace usdparquet
