#include "type_table.h"

namespace usdparquet {
namespace {

struct TypeRow {
  Scalar scalar;
  uint8_t tuple;
  std::string_view sdf_name;
};

// Names as in pxr/usd/sdf/schema.cpp. Matrices are row-major, as GfMatrix is.
constexpr TypeRow kTypes[] = {
    {Scalar::kBool, 1, "bool"},        {Scalar::kUChar, 1, "uchar"},
    {Scalar::kInt, 1, "int"},          {Scalar::kInt, 2, "int2"},
    {Scalar::kInt, 3, "int3"},         {Scalar::kInt, 4, "int4"},
    {Scalar::kUInt, 1, "uint"},        {Scalar::kInt64, 1, "int64"},
    {Scalar::kUInt64, 1, "uint64"},    {Scalar::kHalf, 1, "half"},
    {Scalar::kHalf, 2, "half2"},       {Scalar::kHalf, 3, "half3"},
    {Scalar::kHalf, 4, "half4"},       {Scalar::kFloat, 1, "float"},
    {Scalar::kFloat, 2, "float2"},     {Scalar::kFloat, 3, "float3"},
    {Scalar::kFloat, 4, "float4"},     {Scalar::kDouble, 1, "double"},
    {Scalar::kDouble, 2, "double2"},   {Scalar::kDouble, 3, "double3"},
    {Scalar::kDouble, 4, "double4"},   {Scalar::kDouble, 9, "matrix3d"},
    {Scalar::kDouble, 16, "matrix4d"}, {Scalar::kString, 1, "string"},
};

}  // namespace

size_t ScalarSize(Scalar scalar) {
  switch (scalar) {
    case Scalar::kBool:
    case Scalar::kUChar:
      return 1;
    case Scalar::kHalf:
      return 2;
    case Scalar::kInt:
    case Scalar::kUInt:
    case Scalar::kFloat:
      return 4;
    case Scalar::kInt64:
    case Scalar::kUInt64:
    case Scalar::kDouble:
      return 8;
    case Scalar::kString:
      return 0;
  }
  return 0;
}

std::string_view SdfElementTypeName(Scalar scalar, uint8_t tuple) {
  for (const TypeRow& row : kTypes) {
    if (row.scalar == scalar && row.tuple == tuple) return row.sdf_name;
  }
  return {};
}

std::string SdfTypeName(const ValueType& type) {
  std::string name(SdfElementTypeName(type.scalar, type.tuple));
  if (type.is_array) name += "[]";
  return name;
}

std::optional<Scalar> TupleStorage(Scalar scalar, uint8_t tuple) {
  if (!SdfElementTypeName(scalar, tuple).empty()) return scalar;
  const bool is_real = scalar == Scalar::kFloat || scalar == Scalar::kHalf;
  if (is_real && (tuple == 9 || tuple == 16)) return Scalar::kDouble;
  return std::nullopt;
}

}  // namespace usdparquet
