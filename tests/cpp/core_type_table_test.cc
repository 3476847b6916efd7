// The Sdf types of shapes.

#include <gtest/gtest.h>

#include <optional>

#include "core/schema/type_table.h"

namespace usdparquet {
namespace {

TEST(TypeTable, NamesShapes) {
  EXPECT_EQ(SdfTypeName({Scalar::kFloat, 3, true}), "float3[]");
  EXPECT_EQ(SdfTypeName({Scalar::kDouble, 16, false}), "matrix4d");
  EXPECT_EQ(TupleStorage(Scalar::kFloat, 9), Scalar::kDouble);
  EXPECT_EQ(TupleStorage(Scalar::kInt64, 3), std::nullopt);
  EXPECT_EQ(TupleStorage(Scalar::kHalf, 4), Scalar::kHalf);
}

}  // namespace
}  // namespace usdparquet
