#include "plugin/values/value_types.h"

#include <pxr/base/gf/half.h>
#include <pxr/base/gf/matrix2d.h>
#include <pxr/base/gf/matrix3d.h>
#include <pxr/base/gf/matrix4d.h>
#include <pxr/base/gf/quatd.h>
#include <pxr/base/gf/quatf.h>
#include <pxr/base/gf/quath.h>
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
#include <pxr/base/tf/token.h>
#include <pxr/base/vt/array.h>
#include <pxr/usd/sdf/assetPath.h>
#include <pxr/usd/sdf/pathExpression.h>
#include <pxr/usd/sdf/timeCode.h>

#include <cstring>
#include <string>

#include "plugin/values/shared_array.h"
#include "plugin/values/token_text.h"

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::Page;

namespace {

/// Whether pages hold values of that type as text.
template <typename T>
constexpr bool kIsText = std::is_same_v<T, TfToken> || std::is_same_v<T, std::string> ||
                         std::is_same_v<T, SdfAssetPath> || std::is_same_v<T, SdfPathExpression>;

/// Element `i` of a page's values, be it a row's or one of an array.
template <typename T>
T Element(const Page& page, uint32_t i) {
  if constexpr (std::is_same_v<T, TfToken>) {
    return UsdParquetToken(page.String(i));
  } else if constexpr (kIsText<T>) {
    return T(std::string(page.String(i)));
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
    if constexpr (kIsText<T>) {
      VtArray<T> array(end - begin);
      T* out = array.data();
      for (uint32_t k = begin; k < end; ++k) *out++ = Element<T>(page, k);
      return array;
    } else {
      // Those of a bool are bytes of 0 and 1, as decoders write them.
      const std::byte* const from = page.cells + size_t{begin} * sizeof(T);
      const size_t count = end - begin, bytes = count * sizeof(T);
      if (page.memory && page.memory->IsWorthSharing(bytes) &&
          reinterpret_cast<uintptr_t>(from) % alignof(T) == 0) {
        return UsdParquetSharedArray(page.memory, reinterpret_cast<const T*>(from), count);
      }
      VtArray<T> array;
      array.resize(count, [from, bytes](T* first, T*) {
        std::memcpy(static_cast<void*>(first), from, bytes);
      });
      return array;
    }
  }
};

template <typename Cell>
constexpr UsdParquetValueType MakeType() {
  return {&typeid(typename Cell::Value),
          [](const UsdParquetValueType&, const Page& page, uint32_t i,
             SdfAbstractDataValue* value) { return value->StoreValue(Cell::Get(page, i)); },
          [](const UsdParquetValueType&, const Page& page, uint32_t i) {
            return VtValue(Cell::Get(page, i));
          }};
}

struct TypeRow {
  std::string_view name;
  UsdParquetValueType one;
  UsdParquetValueType array;
};

template <typename T>
constexpr TypeRow Row(std::string_view name) {
  return {name, MakeType<ScalarCell<T>>(), MakeType<ArrayCell<T>>()};
}

// The C++ types of the names in core/type_table.cc.
const TypeRow kRows[] = {
    Row<bool>("bool"),
    Row<unsigned char>("uchar"),
    Row<int>("int"),
    Row<GfVec2i>("int2"),
    Row<GfVec3i>("int3"),
    Row<GfVec4i>("int4"),
    Row<unsigned int>("uint"),
    Row<int64_t>("int64"),
    Row<uint64_t>("uint64"),
    Row<GfHalf>("half"),
    Row<GfVec2h>("half2"),
    Row<GfVec3h>("half3"),
    Row<GfVec4h>("half4"),
    Row<float>("float"),
    Row<GfVec2f>("float2"),
    Row<GfVec3f>("float3"),
    Row<GfVec4f>("float4"),
    Row<double>("double"),
    Row<GfVec2d>("double2"),
    Row<GfVec3d>("double3"),
    Row<GfVec4d>("double4"),
    Row<GfMatrix2d>("matrix2d"),
    Row<GfMatrix3d>("matrix3d"),
    Row<GfMatrix4d>("matrix4d"),
    Row<GfMatrix4d>("frame4d"),
    Row<GfQuath>("quath"),
    Row<GfQuatf>("quatf"),
    Row<GfQuatd>("quatd"),
    Row<GfVec3h>("point3h"),
    Row<GfVec3f>("point3f"),
    Row<GfVec3d>("point3d"),
    Row<GfVec3h>("vector3h"),
    Row<GfVec3f>("vector3f"),
    Row<GfVec3d>("vector3d"),
    Row<GfVec3h>("normal3h"),
    Row<GfVec3f>("normal3f"),
    Row<GfVec3d>("normal3d"),
    Row<GfVec3h>("color3h"),
    Row<GfVec3f>("color3f"),
    Row<GfVec3d>("color3d"),
    Row<GfVec4h>("color4h"),
    Row<GfVec4f>("color4f"),
    Row<GfVec4d>("color4d"),
    Row<GfVec2h>("texCoord2h"),
    Row<GfVec2f>("texCoord2f"),
    Row<GfVec2d>("texCoord2d"),
    Row<GfVec3h>("texCoord3h"),
    Row<GfVec3f>("texCoord3f"),
    Row<GfVec3d>("texCoord3d"),
    Row<SdfTimeCode>("timecode"),
    Row<std::string>("string"),
    Row<TfToken>("token"),
    Row<SdfAssetPath>("asset"),
    Row<SdfPathExpression>("pathExpression"),
};

}  // namespace

const UsdParquetValueType* UsdParquetFindValueType(std::string_view sdf_type) {
  const bool is_array = sdf_type.ends_with("[]");
  if (is_array) sdf_type.remove_suffix(2);
  for (const TypeRow& row : kRows) {
    if (row.name == sdf_type) return is_array ? &row.array : &row.one;
  }
  return nullptr;
}

PXR_NAMESPACE_CLOSE_SCOPE
