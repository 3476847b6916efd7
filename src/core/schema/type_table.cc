#include "core/schema/type_table.h"

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

// Types that the footer can name for columns of a shape above (or, of quatf and matrix2d, of
// a shape of their own), as in pxr/usd/sdf/schema.cpp. Quaternions are i, j, k, real: as Gf keeps
// them.
constexpr TypeRow kRoleTypes[] = {
    {Scalar::kString, 1, "token"},
    {Scalar::kString, 1, "asset"},
    {Scalar::kString, 1, "pathExpression"},
    {Scalar::kDouble, 1, "timecode"},
    {Scalar::kHalf, 4, "quath"},
    {Scalar::kFloat, 4, "quatf"},
    {Scalar::kDouble, 4, "quatd"},
    {Scalar::kHalf, 3, "point3h"},
    {Scalar::kFloat, 3, "point3f"},
    {Scalar::kDouble, 3, "point3d"},
    {Scalar::kHalf, 3, "vector3h"},
    {Scalar::kFloat, 3, "vector3f"},
    {Scalar::kDouble, 3, "vector3d"},
    {Scalar::kHalf, 3, "normal3h"},
    {Scalar::kFloat, 3, "normal3f"},
    {Scalar::kDouble, 3, "normal3d"},
    {Scalar::kHalf, 3, "color3h"},
    {Scalar::kFloat, 3, "color3f"},
    {Scalar::kDouble, 3, "color3d"},
    {Scalar::kHalf, 4, "color4h"},
    {Scalar::kFloat, 4, "color4f"},
    {Scalar::kDouble, 4, "color4d"},
    {Scalar::kHalf, 2, "texCoord2h"},
    {Scalar::kFloat, 2, "texCoord2f"},
    {Scalar::kDouble, 2, "texCoord2d"},
    {Scalar::kHalf, 3, "texCoord3h"},
    {Scalar::kFloat, 3, "texCoord3f"},
    {Scalar::kDouble, 3, "texCoord3d"},
    {Scalar::kDouble, 4, "matrix2d"},
    {Scalar::kDouble, 16, "frame4d"},
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

std::optional<ValueType> ShapeOfSdfType(std::string_view sdf_type) {
  const bool is_array = sdf_type.ends_with("[]");
  if (is_array) sdf_type.remove_suffix(2);
  const auto find = [&](const auto& rows) -> std::optional<ValueType> {
    for (const TypeRow& row : rows) {
      if (row.sdf_name == sdf_type) return ValueType{row.scalar, row.tuple, is_array};
    }
    return std::nullopt;
  };
  const auto plain = find(kTypes);
  return plain ? plain : find(kRoleTypes);
}

std::optional<Scalar> TupleStorage(Scalar scalar, uint8_t tuple) {
  if (!SdfElementTypeName(scalar, tuple).empty()) return scalar;
  const bool is_real = scalar == Scalar::kFloat || scalar == Scalar::kHalf;
  if (is_real && (tuple == 9 || tuple == 16)) return Scalar::kDouble;
  return std::nullopt;
}

}  // namespace usdparquet
