#include "plugin/value_types.h"

#include <pxr/base/gf/half.h>
#include <pxr/base/gf/matrix3d.h>
#include <pxr/base/gf/matrix4d.h>
#include <pxr/base/gf/vec2d.h>
#include <pxr/base/gf/vec2f.h>
#include <pxr/base/gf/vec2h.h>
#include <pxr/base/gf/vec2i.h>
#include <pxr/base/gf/vec3d.h>
#include <pxr/base/gf/vec3f.h>
#include <pxr/base/gf/vec3h.h>
#include <pxr/base/gf/vec3i.h>
#include <pxr/base/gf/vec4d.h>
#include <pxr/base/gf/vec4f.h>
#include <pxr/base/gf/vec4h.h>
#include <pxr/base/gf/vec4i.h>
#include <pxr/base/vt/array.h>

#include <cstring>
#include <string>

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::Page;
using usdparquet::Scalar;

namespace {

/// Element `i` of a page's values, be it a row's or one of an array.
template <typename T>
T Element(const Page& page, uint32_t i) {
  if constexpr (std::is_same_v<T, std::string>) {
    return std::string(page.String(i));
  } else if constexpr (std::is_same_v<T, bool>) {
    return page.As<uint8_t>()[i] != 0;
  } else {
    // Pages hold the components one behind the other, as Gf's types do.
    T value;
    std::memcpy(static_cast<void*>(&value), page.cells + i * sizeof(T), sizeof(T));
    return value;
  }
}

template <typename T>
struct ScalarCell {
  using Value = T;
  static T Get(const Page& page, uint32_t i) { return Element<T>(page, i); }
};

template <typename T>
struct ArrayCell {
  using Value = VtArray<T>;
  static VtArray<T> Get(const Page& page, uint32_t i) {
    const uint32_t begin = page.offsets[i], end = page.offsets[i + 1];
    VtArray<T> array(end - begin);
    T* out = array.data();
    for (uint32_t k = begin; k < end; ++k) *out++ = Element<T>(page, k);
    return array;
  }
};

template <typename Cell>
constexpr UsdParquetValueType MakeType() {
  return {&typeid(typename Cell::Value),
          [](const Page& page, uint32_t i, SdfAbstractDataValue* value) {
            return value->StoreValue(Cell::Get(page, i));
          },
          [](const Page& page, uint32_t i) { return VtValue(Cell::Get(page, i)); }};
}

struct TypeRow {
  Scalar scalar;
  uint8_t tuple;
  UsdParquetValueType one;
  UsdParquetValueType array;
};

template <typename T>
constexpr TypeRow Row(Scalar scalar, uint8_t tuple = 1) {
  return {scalar, tuple, MakeType<ScalarCell<T>>(), MakeType<ArrayCell<T>>()};
}

// The C++ types of the shapes in core/type_table.cc.
const TypeRow kRows[] = {
    Row<bool>(Scalar::kBool),
    Row<unsigned char>(Scalar::kUChar),
    Row<int>(Scalar::kInt),
    Row<GfVec2i>(Scalar::kInt, 2),
    Row<GfVec3i>(Scalar::kInt, 3),
    Row<GfVec4i>(Scalar::kInt, 4),
    Row<unsigned int>(Scalar::kUInt),
    Row<int64_t>(Scalar::kInt64),
    Row<uint64_t>(Scalar::kUInt64),
    Row<GfHalf>(Scalar::kHalf),
    Row<GfVec2h>(Scalar::kHalf, 2),
    Row<GfVec3h>(Scalar::kHalf, 3),
    Row<GfVec4h>(Scalar::kHalf, 4),
    Row<float>(Scalar::kFloat),
    Row<GfVec2f>(Scalar::kFloat, 2),
    Row<GfVec3f>(Scalar::kFloat, 3),
    Row<GfVec4f>(Scalar::kFloat, 4),
    Row<double>(Scalar::kDouble),
    Row<GfVec2d>(Scalar::kDouble, 2),
    Row<GfVec3d>(Scalar::kDouble, 3),
    Row<GfVec4d>(Scalar::kDouble, 4),
    Row<GfMatrix3d>(Scalar::kDouble, 9),
    Row<GfMatrix4d>(Scalar::kDouble, 16),
    Row<std::string>(Scalar::kString),
};

}  // namespace

const UsdParquetValueType* UsdParquetFindValueType(const usdparquet::ValueType& type) {
  for (const TypeRow& row : kRows) {
    if (row.scalar == type.scalar && row.tuple == type.tuple)
      return type.is_array ? &row.array : &row.one;
  }
  return nullptr;
}

PXR_NAMESPACE_CLOSE_SCOPE
