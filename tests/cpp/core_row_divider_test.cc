// Division by multiplication, against the processor's.

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "core/util/row_divider.h"

namespace usdparquet {
namespace {

TEST(RowDivider, DividesAsTheProcessorDoes) {
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const uint32_t divisor = i < 5000 ? 2 + i : static_cast<uint32_t>(random()) >> i % 31 | 2;
    const RowDivider divider(divisor);
    ASSERT_TRUE(divider) << divisor;
    const uint32_t multiple = 0xffffffffu / divisor * divisor;
    for (const uint32_t row : {0u, 1u, divisor - 1, divisor, divisor + 1, multiple - 1, multiple,
                               0x7fffffffu, 0xffffffffu, static_cast<uint32_t>(random())}) {
      ASSERT_EQ(divider.Quotient(row), row / divisor) << row << " / " << divisor;
    }
  }
}

TEST(RowDivider, DoesNotDivideByNothingOrOne) {
  EXPECT_FALSE(RowDivider());
  EXPECT_FALSE(RowDivider(0));
  EXPECT_FALSE(RowDivider(1));
}

}  // namespace
}  // namespace usdparquet
