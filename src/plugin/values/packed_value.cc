#include "plugin/values/packed_value.h"

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
#include <pxr/base/vt/dictionary.h>
#include <pxr/usd/sdf/assetPath.h>
#include <pxr/usd/sdf/layerOffset.h>
#include <pxr/usd/sdf/listOp.h>
#include <pxr/usd/sdf/path.h>
#include <pxr/usd/sdf/payload.h>
#include <pxr/usd/sdf/reference.h>
#include <pxr/usd/sdf/timeCode.h>
#include <pxr/usd/sdf/types.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstring>
#include <iterator>
#include <map>
#include <type_traits>
#include <typeindex>
#include <utility>

#include "core/util/utf8.h"
#include "plugin/values/token_text.h"

PXR_NAMESPACE_OPEN_SCOPE

using Packer = UsdParquetPacker;
using Unpacker = UsdParquetUnpacker;

namespace {

/// Numbers, vectors, matrices and quaternions: their bytes, little-endian.
template <typename T>
concept Plain = (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) ||
                std::is_same_v<T, GfHalf> || std::is_same_v<T, SdfTimeCode> ||
                GfIsGfVec<T>::value || GfIsGfMatrix<T>::value || GfIsGfQuat<T>::value;

// Overloads for everything a value may be or hold. The one for containers comes last, and calls
// those of their elements.

template <typename T>
struct Tag {};

template <Plain T>
void Pack(const T& value, Packer* to) {
  to->AddBytes(&value, sizeof(T));
}
template <Plain T>
T Unpack(Unpacker* from, Tag<T>) {
  T value{};
  from->TakeBytes(static_cast<void*>(&value), sizeof(T));
  return value;
}

inline void Pack(bool value, Packer* to) { to->AddNumber(value); }
inline bool Unpack(Unpacker* from, Tag<bool>) { return from->TakeNumber() != 0; }

template <typename T>
  requires std::is_enum_v<T>
void Pack(T value, Packer* to) {
  to->AddNumber(static_cast<uint64_t>(value));
}
template <typename T>
  requires std::is_enum_v<T>
T Unpack(Unpacker* from, Tag<T>) {
  constexpr uint64_t kCount = std::is_same_v<T, SdfSpecifier>    ? uint64_t{SdfNumSpecifiers}
                              : std::is_same_v<T, SdfPermission> ? uint64_t{SdfNumPermissions}
                                                                 : uint64_t{SdfNumVariabilities};
  const uint64_t number = from->TakeNumber();
  if (number >= kCount) from->Fail();
  return static_cast<T>(number < kCount ? number : 0);
}

inline void Pack(const std::string& value, Packer* to) { to->AddText(value); }
inline std::string Unpack(Unpacker* from, Tag<std::string>) { return from->TakeText(); }

inline void Pack(const TfToken& value, Packer* to) { to->AddText(value.GetString()); }
inline TfToken Unpack(Unpacker* from, Tag<TfToken>) { return UsdParquetToken(from->TakeText()); }

inline void Pack(const SdfPath& value, Packer* to) { to->AddPath(value); }
inline SdfPath Unpack(Unpacker* from, Tag<SdfPath>) { return from->TakePath(); }

/// A text that SdfAssetPath takes: without control characters and in UTF-8. Others raise errors.
const std::string& TakeAssetText(Unpacker* from) {
  const std::string& text = from->TakeText();
  if (!usdparquet::IsUtf8(text) || usdparquet::HasControlCharacter(text)) from->Fail();
  static const std::string kNone;
  return from->ok() ? text : kNone;
}

inline void Pack(const SdfAssetPath& value, Packer* to) {
  if (SdfAssetPath(value.GetAuthoredPath()) != value) to->Fail();  // what was resolved is kept too
  to->AddText(value.GetAuthoredPath());
}
inline SdfAssetPath Unpack(Unpacker* from, Tag<SdfAssetPath>) {
  return SdfAssetPath(TakeAssetText(from));
}

inline void Pack(const SdfValueBlock&, Packer*) {}
inline SdfValueBlock Unpack(Unpacker*, Tag<SdfValueBlock>) { return {}; }

inline void Pack(const VtValue& value, Packer* to) { to->AddValue(value); }
inline VtValue Unpack(Unpacker* from, Tag<VtValue>) { return from->TakeValue(); }

inline void Pack(const SdfLayerOffset& value, Packer* to) {
  Pack(value.GetOffset(), to);
  Pack(value.GetScale(), to);
}
inline SdfLayerOffset Unpack(Unpacker* from, Tag<SdfLayerOffset>) {
  const double offset = Unpack(from, Tag<double>());
  return SdfLayerOffset(offset, Unpack(from, Tag<double>()));
}

template <typename T>
void Pack(const SdfListOp<T>& value, Packer* to);
template <typename T>
SdfListOp<T> Unpack(Unpacker* from, Tag<SdfListOp<T>>);

/// Entries of a map, in its order.
template <typename Map>
  requires requires { typename Map::mapped_type; }
void Pack(const Map& value, Packer* to) {
  to->AddNumber(value.size());
  for (const auto& [key, entry] : value) {
    Pack(key, to);
    Pack(entry, to);
  }
}
template <typename Map>
  requires requires { typename Map::mapped_type; }
Map Unpack(Unpacker* from, Tag<Map>) {
  Map map;
  for (size_t n = from->TakeCount(); n > 0 && from->ok(); --n) {
    auto key = Unpack(from, Tag<std::remove_const_t<typename Map::key_type>>());
    map[key] = Unpack(from, Tag<typename Map::mapped_type>());
  }
  return map;
}

inline void Pack(const SdfReference& value, Packer* to) {
  to->AddText(value.GetAssetPath());
  Pack(value.GetPrimPath(), to);
  Pack(value.GetLayerOffset(), to);
  Pack(value.GetCustomData(), to);
}
inline SdfReference Unpack(Unpacker* from, Tag<SdfReference>) {
  const std::string asset = TakeAssetText(from);
  const SdfPath path = Unpack(from, Tag<SdfPath>());
  const SdfLayerOffset offset = Unpack(from, Tag<SdfLayerOffset>());
  return SdfReference(asset, path, offset, Unpack(from, Tag<VtDictionary>()));
}

inline void Pack(const SdfPayload& value, Packer* to) {
  to->AddText(value.GetAssetPath());
  Pack(value.GetPrimPath(), to);
  Pack(value.GetLayerOffset(), to);
}
inline SdfPayload Unpack(Unpacker* from, Tag<SdfPayload>) {
  const std::string asset = TakeAssetText(from);
  const SdfPath path = Unpack(from, Tag<SdfPath>());
  return SdfPayload(asset, path, Unpack(from, Tag<SdfLayerOffset>()));
}

/// Elements of a VtArray or a std::vector.
template <typename List>
  requires requires { typename List::value_type; } && (!requires { typename List::mapped_type; }) &&
           (!std::is_same_v<List, std::string>) && (!Plain<List>)
void Pack(const List& value, Packer* to) {
  using T = typename List::value_type;
  to->AddNumber(value.size());
  if constexpr (Plain<T>) {
    to->AddBytes(std::data(value), value.size() * sizeof(T));
  } else {
    for (const T& element : value) {
      Pack(element, to);
      if (!to->ok()) return;
    }
  }
}
template <typename List>
  requires requires { typename List::value_type; } && (!requires { typename List::mapped_type; }) &&
           (!std::is_same_v<List, std::string>) && (!Plain<List>)
List Unpack(Unpacker* from, Tag<List>) {
  using T = typename List::value_type;
  if constexpr (Plain<T>) {
    List list(from->TakeCount(sizeof(T)));
    from->TakeBytes(static_cast<void*>(list.data()), list.size() * sizeof(T));
    return list;
  } else {
    List list;
    for (size_t n = from->TakeCount(); n > 0 && from->ok(); --n) {
      list.push_back(Unpack(from, Tag<T>()));
    }
    return list;
  }
}

constexpr std::array kListOpTypes = {SdfListOpTypeAdded, SdfListOpTypePrepended,
                                     SdfListOpTypeAppended, SdfListOpTypeDeleted,
                                     SdfListOpTypeOrdered};

template <typename T>
void Pack(const SdfListOp<T>& value, Packer* to) {
  Pack(value.IsExplicit(), to);
  if (value.IsExplicit()) return Pack(value.GetExplicitItems(), to);
  for (const SdfListOpType type : kListOpTypes) Pack(value.GetItems(type), to);
}
template <typename T>
SdfListOp<T> Unpack(Unpacker* from, Tag<SdfListOp<T>>) {
  using Items = typename SdfListOp<T>::ItemVector;
  SdfListOp<T> op;
  std::string problem;  // where it is asked for, OpenUSD raises none
  const auto set = [&](SdfListOpType type) {
    const Items items = Unpack(from, Tag<Items>());
    const bool is_empty = items.empty() && type != SdfListOpTypeExplicit;
    if (!is_empty && !op.SetItems(items, type, &problem)) from->Fail();
  };
  if (Unpack(from, Tag<bool>())) {
    set(SdfListOpTypeExplicit);
  } else {
    for (const SdfListOpType type : kListOpTypes) set(type);
  }
  return op;
}

/// A type of values, and what puts them in and takes them out.
struct Form {
  const std::type_info* type;
  void (*pack)(const VtValue& value, Packer* to);
  VtValue (*unpack)(Unpacker* from);
};

template <typename T>
constexpr Form FormOf() {
  return {&typeid(T), [](const VtValue& value, Packer* to) { Pack(value.UncheckedGet<T>(), to); },
          [](Unpacker* from) {
            T value = Unpack(from, Tag<T>());
            return VtValue::Take(value);
          }};
}

/// Adds the types and their arrays, by turns.
template <typename... Ts>
void AddWithArrays(std::vector<Form>* forms) {
  (forms->insert(forms->end(), {FormOf<Ts>(), FormOf<VtArray<Ts>>()}), ...);
}
template <typename... Ts>
void AddForms(std::vector<Form>* forms) {
  (forms->push_back(FormOf<Ts>()), ...);
}

/// All types; the number of one is its place. That is in files: new ones go to the end.
const std::vector<Form>& Forms() {
  static const auto* const kForms = [] {
    auto* forms = new std::vector<Form>;
    AddWithArrays<bool, unsigned char, int, unsigned int, int64_t, uint64_t, GfHalf, float, double,
                  SdfTimeCode, std::string, TfToken, SdfAssetPath, GfVec2i, GfVec2h, GfVec2f,
                  GfVec2d, GfVec3i, GfVec3h, GfVec3f, GfVec3d, GfVec4i, GfVec4h, GfVec4f, GfVec4d,
                  GfQuath, GfQuatf, GfQuatd, GfMatrix2d, GfMatrix3d, GfMatrix4d>(forms);
    AddForms<SdfSpecifier, SdfPermission, SdfVariability, SdfValueBlock, SdfPath, SdfPathVector,
             std::vector<TfToken>, std::vector<std::string>, SdfLayerOffsetVector, SdfPathListOp,
             SdfTokenListOp, SdfStringListOp, SdfReferenceListOp, SdfPayloadListOp, SdfIntListOp,
             SdfInt64ListOp, SdfUIntListOp, SdfUInt64ListOp, SdfVariantSelectionMap, VtDictionary,
             SdfTimeSampleMap, SdfPayload>(forms);
    return forms;
  }();
  return *kForms;
}

}  // namespace

void Packer::AddNumber(uint64_t number) {
  for (; number >= 0x80; number >>= 7) bytes_ += static_cast<char>(number | 0x80);
  bytes_ += static_cast<char>(number);
}

void Packer::AddText(const std::string& text) {
  text_size_ += text.size();
  if (text_size_ > kUsdParquetMaxPackedTexts) Fail();
  const auto [known, is_new] = texts_.try_emplace(text, texts_.size());
  if (!is_new) return AddNumber(known->second + 1);
  AddNumber(0);
  AddNumber(text.size());
  AddBytes(text.data(), text.size());
}

void Packer::AddPath(const SdfPath& path) {
  const std::string text = path.GetAsString();
  if (!text.empty() && SdfPath(text) != path) Fail();
  AddText(text);
}

void Packer::AddBytes(const void* bytes, size_t size) {
  if (size > kUsdParquetMaxPacked) return Fail();
  bytes_.append(static_cast<const char*>(bytes), size);
}

void Packer::AddValue(const VtValue& value) {
  static const auto* const kNumbers = [] {
    auto* numbers = new std::unordered_map<std::type_index, size_t>;
    for (size_t i = 0; i < Forms().size(); ++i) numbers->emplace(*Forms()[i].type, i);
    return numbers;
  }();
  const auto number = kNumbers->find(value.GetTypeid());
  if (number == kNumbers->end() || depth_ == kUsdParquetMaxPackedDepth) return Fail();
  AddNumber(number->second);
  ++depth_;
  Forms()[number->second].pack(value, this);
  --depth_;
}

void Unpacker::Fail() {
  is_ok_ = false;
  rest_ = {};
}

uint64_t Unpacker::TakeNumber() {
  uint64_t number = 0;
  for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    number |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return number;
  }
  Fail();
  return 0;
}

size_t Unpacker::TakeCount(size_t size) {
  const uint64_t count = TakeNumber();
  if (count <= rest_.size() / size) return static_cast<size_t>(count);
  Fail();
  return 0;
}

const std::string& Unpacker::TakeText() {
  static const std::string kNone;
  const uint64_t number = TakeNumber();
  if (is_ok_ && number == 0) {
    const size_t size = TakeCount();
    texts_.emplace_back(rest_.substr(0, size));
    rest_.remove_prefix(size);
  }
  if (!is_ok_ || number > texts_.size()) {
    Fail();
    return kNone;
  }
  const std::string& text = number == 0 ? texts_.back() : texts_[number - 1];
  text_size_ += text.size();
  if (text_size_ <= kUsdParquetMaxPackedTexts) return text;
  Fail();
  return kNone;
}

SdfPath Unpacker::TakePath() {
  // A path within a path is parsed within the call that parses the outer one.
  constexpr auto kMostInside = 16;
  const std::string& text = TakeText();
  if (text.empty()) return {};
  if (std::count(text.begin(), text.end(), '[') <= kMostInside &&
      SdfPath::IsValidPathString(text)) {
    return SdfPath(text);
  }
  Fail();
  return {};
}

void Unpacker::TakeBytes(void* bytes, size_t size) {
  if (size > rest_.size()) return Fail();
  if (size > 0) std::memcpy(bytes, rest_.data(), size);
  rest_.remove_prefix(size);
}

VtValue Unpacker::TakeValue() {
  const uint64_t number = TakeNumber();
  if (!is_ok_ || number >= Forms().size() || depth_ == kUsdParquetMaxPackedDepth) {
    Fail();
    return {};
  }
  ++depth_;
  VtValue value = Forms()[number].unpack(this);
  --depth_;
  return is_ok_ ? value : VtValue();
}

PXR_NAMESPACE_CLOSE_SCOPE
