#include "plugin/values/exact_value.h"

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
#include <pxr/base/gf/vec3d.h>
#include <pxr/base/gf/vec3f.h>
#include <pxr/base/gf/vec3h.h>
#include <pxr/base/gf/vec4d.h>
#include <pxr/base/gf/vec4f.h>
#include <pxr/base/gf/vec4h.h>
#include <pxr/base/tf/enum.h>
#include <pxr/base/vt/array.h>
#include <pxr/base/vt/dictionary.h>
#include <pxr/usd/sdf/listOp.h>
#include <pxr/usd/sdf/reference.h>
#include <pxr/usd/sdf/timeCode.h>
#include <pxr/usd/sdf/types.h>

#include <cstring>
#include <optional>
#include <string>
#include <string_view>

PXR_NAMESPACE_OPEN_SCOPE

namespace {

constexpr char kType[] = "usdparquet:type";
constexpr char kBytes[] = "usdparquet:bytes";
constexpr char kTexts[] = "usdparquet:texts";
constexpr char kRelocates[] = "relocates";
constexpr char kEnum[] = "enum";
constexpr char kPath[] = "path";
constexpr char kPaths[] = "path[]";

using Bytes = VtArray<unsigned char>;

/// Whether one of the numbers is -0.0: all bits zero but the sign.
template <typename Bits>
bool HasNegativeZero(const void* numbers, size_t size) {
  constexpr Bits kNegativeZero = static_cast<Bits>(Bits{1} << (8 * sizeof(Bits) - 1));
  const auto* bytes = static_cast<const unsigned char*>(numbers);
  bool found = false;
  for (size_t i = 0; i < size; i += sizeof(Bits)) {
    Bits bits;
    std::memcpy(&bits, bytes + i, sizeof(bits));
    found |= bits == kNegativeZero;
  }
  return found;
}

/// What a type needs here; `bytes` is null where a value is of another type.
struct Kind {
  std::string_view name;
  bool is_array;
  const void* (*bytes)(const VtValue& value, size_t* size);
  bool (*has_negative_zero)(const void* numbers, size_t size);
  VtValue (*make)(const Bytes& bytes);
};

template <typename T, typename Bits>
constexpr Kind One(std::string_view name) {
  return {name, false,
          [](const VtValue& value, size_t* size) -> const void* {
            *size = sizeof(T);
            return value.IsHolding<T>() ? &value.UncheckedGet<T>() : nullptr;
          },
          HasNegativeZero<Bits>,
          [](const Bytes& bytes) {
            T value;
            if (bytes.size() != sizeof(T)) return VtValue();
            std::memcpy(static_cast<void*>(&value), bytes.cdata(), sizeof(T));
            return VtValue(value);
          }};
}

template <typename T, typename Bits>
constexpr Kind Array(std::string_view name) {
  return {name, true,
          [](const VtValue& value, size_t* size) -> const void* {
            if (!value.IsHolding<VtArray<T>>()) return nullptr;
            const auto& array = value.UncheckedGet<VtArray<T>>();
            *size = array.size() * sizeof(T);
            return array.cdata();
          },
          HasNegativeZero<Bits>,
          [](const Bytes& bytes) {
            if (bytes.size() % sizeof(T) != 0) return VtValue();
            VtArray<T> array(bytes.size() / sizeof(T));
            std::memcpy(static_cast<void*>(array.data()), bytes.cdata(), bytes.size());
            return VtValue::Take(array);
          }};
}

// Single half, float and double lie in the crate file bit by bit.
const Kind kKinds[] = {
    One<SdfTimeCode, uint64_t>("timecode"),  Array<SdfTimeCode, uint64_t>("timecode"),
    Array<GfHalf, uint16_t>("half"),         Array<float, uint32_t>("float"),
    Array<double, uint64_t>("double"),       One<GfVec2h, uint16_t>("half2"),
    Array<GfVec2h, uint16_t>("half2"),       One<GfVec3h, uint16_t>("half3"),
    Array<GfVec3h, uint16_t>("half3"),       One<GfVec4h, uint16_t>("half4"),
    Array<GfVec4h, uint16_t>("half4"),       One<GfVec2f, uint32_t>("float2"),
    Array<GfVec2f, uint32_t>("float2"),      One<GfVec3f, uint32_t>("float3"),
    Array<GfVec3f, uint32_t>("float3"),      One<GfVec4f, uint32_t>("float4"),
    Array<GfVec4f, uint32_t>("float4"),      One<GfVec2d, uint64_t>("double2"),
    Array<GfVec2d, uint64_t>("double2"),     One<GfVec3d, uint64_t>("double3"),
    Array<GfVec3d, uint64_t>("double3"),     One<GfVec4d, uint64_t>("double4"),
    Array<GfVec4d, uint64_t>("double4"),     One<GfQuath, uint16_t>("quath"),
    Array<GfQuath, uint16_t>("quath"),       One<GfQuatf, uint32_t>("quatf"),
    Array<GfQuatf, uint32_t>("quatf"),       One<GfQuatd, uint64_t>("quatd"),
    Array<GfQuatd, uint64_t>("quatd"),       One<GfMatrix2d, uint64_t>("matrix2d"),
    Array<GfMatrix2d, uint64_t>("matrix2d"), One<GfMatrix3d, uint64_t>("matrix3d"),
    Array<GfMatrix3d, uint64_t>("matrix3d"), One<GfMatrix4d, uint64_t>("matrix4d"),
    Array<GfMatrix4d, uint64_t>("matrix4d"),
};

/// Values that crate files refuse, as texts; empty if `value` is of another type.
VtStringArray TextsOf(const VtValue& value, std::string* type) {
  VtStringArray texts;
  if (value.IsHolding<SdfRelocatesMap>()) {  // of a prim
    *type = kRelocates;
    for (const auto& [from, to] : value.UncheckedGet<SdfRelocatesMap>()) {
      texts.push_back(from.GetString());
      texts.push_back(to.GetString());
    }
  } else if (value.IsHolding<TfEnum>()) {  // a unit
    *type = kEnum;
    texts.push_back(TfEnum::GetFullName(value.UncheckedGet<TfEnum>()));
  } else if (value.IsHolding<SdfPath>()) {
    *type = kPath;
    texts.push_back(value.UncheckedGet<SdfPath>().GetString());
  } else if (value.IsHolding<VtArray<SdfPath>>()) {
    *type = kPaths;
    for (const SdfPath& path : value.UncheckedGet<VtArray<SdfPath>>()) {
      texts.push_back(path.GetString());
    }
  }
  return texts;
}

/// The other way round; empty if there is no such value.
VtValue FromTexts(const std::string& type, const VtStringArray& texts) {
  if (type == kEnum && texts.size() == 1) {
    bool is_known = false;
    const TfEnum value = TfEnum::GetValueFromFullName(texts.cfront(), &is_known);
    return is_known ? VtValue(value) : VtValue();
  }
  const auto path = [](const std::string& text) {
    return text.empty() ? SdfPath() : SdfPath(text);
  };
  if (type == kPath && texts.size() == 1) return VtValue(path(texts.cfront()));
  if (type == kPaths) {
    VtArray<SdfPath> paths;
    for (const std::string& text : texts) paths.push_back(path(text));
    return VtValue::Take(paths);
  }
  if (type != kRelocates) return {};
  SdfRelocatesMap relocates;
  for (size_t i = 0; i + 1 < texts.size(); i += 2) relocates[path(texts[i])] = path(texts[i + 1]);
  return VtValue::Take(relocates);
}

/// What `value` is in exact form, if it is one of the kinds above and needs to be.
std::optional<VtValue> Wrap(const VtValue& value) {
  std::string type;
  if (VtStringArray texts = TextsOf(value, &type); !type.empty()) {
    VtDictionary form;
    form[kType] = VtValue(type);
    form[kTexts] = VtValue::Take(texts);
    return VtValue::Take(form);
  }
  for (const Kind& kind : kKinds) {
    if (kind.is_array != value.IsArrayValued()) continue;
    size_t size = 0;
    const void* numbers = kind.bytes(value, &size);
    if (!numbers) continue;
    if (!kind.has_negative_zero(numbers, size)) return std::nullopt;
    Bytes bytes(size);
    std::memcpy(bytes.data(), numbers, size);
    VtDictionary form;
    form[kType] = VtValue(std::string(kind.name) + (kind.is_array ? "[]" : ""));
    form[kBytes] = VtValue::Take(bytes);
    return VtValue::Take(form);
  }
  return std::nullopt;
}

/// The value that `form` stands for; empty if Wrap did not make it.
VtValue Unwrap(const VtDictionary& form) {
  if (form.size() != 2) return {};
  const auto type = form.find(kType);
  if (type == form.end() || !type->second.IsHolding<std::string>()) return {};
  std::string_view name = type->second.UncheckedGet<std::string>();
  const auto texts = form.find(kTexts);
  if (texts != form.end() && texts->second.IsHolding<VtStringArray>()) {
    return FromTexts(std::string(name), texts->second.UncheckedGet<VtStringArray>());
  }
  const auto bytes = form.find(kBytes);
  if (bytes == form.end() || !bytes->second.IsHolding<Bytes>()) return {};
  const bool is_array = name.ends_with("[]");
  if (is_array) name.remove_suffix(2);
  for (const Kind& kind : kKinds) {
    if (kind.is_array == is_array && kind.name == name) {
      return kind.make(bytes->second.UncheckedGet<Bytes>());
    }
  }
  return {};
}

/// Calls `convert(VtValue*)`, which tells whether it changed something, for every value inside of
/// `value`. Returns whether it ever did; else `value` is as it was.
template <typename F>
bool ConvertInside(VtValue* value, const F& convert) {
  bool has_changed = false;
  if (value->IsHolding<VtDictionary>()) {
    VtDictionary converted = value->UncheckedGet<VtDictionary>();
    for (auto& [key, entry] : converted) has_changed |= convert(&entry);
    if (has_changed) *value = VtValue::Take(converted);
  } else if (value->IsHolding<SdfTimeSampleMap>()) {
    SdfTimeSampleMap converted = value->UncheckedGet<SdfTimeSampleMap>();
    for (auto& [time, sample] : converted) has_changed |= convert(&sample);
    if (has_changed) *value = VtValue::Take(converted);
  } else if (value->IsHolding<SdfReferenceListOp>()) {
    SdfReferenceListOp converted = value->UncheckedGet<SdfReferenceListOp>();
    converted.ModifyOperations([&](const SdfReference& reference) {
      VtValue data(reference.GetCustomData());
      SdfReference copy = reference;
      if (convert(&data)) {
        has_changed = true;
        copy.SetCustomData(data.UncheckedGet<VtDictionary>());
      }
      return std::optional<SdfReference>(copy);
    });
    if (has_changed) *value = VtValue::Take(converted);
  }
  return has_changed;
}

bool ToExact(VtValue* value) {
  if (auto form = Wrap(*value)) {
    *value = std::move(*form);
    return true;
  }
  return ConvertInside(value, ToExact);
}

}  // namespace

VtValue UsdParquetToExact(const VtValue& value) {
  VtValue exact = value;
  ToExact(&exact);
  return exact;
}

bool UsdParquetFromExact(VtValue* value) {
  if (value->IsHolding<VtDictionary>()) {
    VtValue found = Unwrap(value->UncheckedGet<VtDictionary>());
    if (!found.IsEmpty()) {
      *value = std::move(found);
      return true;
    }
  }
  return ConvertInside(value, UsdParquetFromExact);
}

PXR_NAMESPACE_CLOSE_SCOPE
