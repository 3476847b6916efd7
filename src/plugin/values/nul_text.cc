#include "plugin/values/nul_text.h"

#include <pxr/base/tf/stringUtils.h>
#include <pxr/base/vt/array.h>
#include <pxr/base/vt/dictionary.h>
#include <pxr/base/vt/value.h>
#include <pxr/usd/sdf/listOp.h>
#include <pxr/usd/sdf/path.h>
#include <pxr/usd/sdf/reference.h>
#include <pxr/usd/sdf/types.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

PXR_NAMESPACE_OPEN_SCOPE

namespace {

// Overloads for all that a value may be or hold.

bool HasNul(const VtValue& value);
bool HasNul(const SdfReference& reference);
bool HasNul(const std::string& text) { return text.find('\0') != std::string::npos; }
bool HasNul(double) { return false; }
template <typename Key, typename Entry>
bool HasNul(const std::pair<Key, Entry>& entry) {
  return HasNul(entry.first) || HasNul(entry.second);
}

template <typename List>
bool HasNulIn(const List& list) {
  return std::any_of(list.begin(), list.end(), [](const auto& each) { return HasNul(each); });
}

template <typename T>
bool HasNulIn(const SdfListOp<T>& op) {
  constexpr SdfListOpType kTypes[] = {SdfListOpTypeExplicit,  SdfListOpTypeAdded,
                                      SdfListOpTypePrepended, SdfListOpTypeAppended,
                                      SdfListOpTypeDeleted,   SdfListOpTypeOrdered};
  return std::any_of(std::begin(kTypes), std::end(kTypes),
                     [&](SdfListOpType type) { return HasNulIn(op.GetItems(type)); });
}

bool HasNul(const SdfReference& reference) { return HasNulIn(reference.GetCustomData()); }

/// Whether the value is of one of these types, and has such a text.
template <typename... Ts>
bool HasNulAsOneOf(const VtValue& value) {
  return ((value.IsHolding<Ts>() && HasNulIn(value.UncheckedGet<Ts>())) || ...);
}

bool HasNul(const VtValue& value) {
  if (value.IsHolding<std::string>()) return HasNul(value.UncheckedGet<std::string>());
  return HasNulAsOneOf<VtArray<std::string>, std::vector<std::string>, VtDictionary,
                       SdfTimeSampleMap, SdfVariantSelectionMap, SdfStringListOp,
                       SdfReferenceListOp>(value);
}

class NulFinder final : public SdfAbstractDataSpecVisitor {
 public:
  bool VisitSpec(const SdfAbstractData& data, const SdfPath& path) override {
    for (const TfToken& field : data.List(path)) {
      if (!HasNul(data.Get(path, field))) continue;
      found_ = TfStringPrintf("<%s> in its field '%s'", path.GetText(), field.GetText());
      return false;
    }
    return true;
  }
  void Done(const SdfAbstractData&) override {}

  const std::string& found() const { return found_; }

 private:
  std::string found_;
};

}  // namespace

std::string UsdParquetFindNulText(const SdfAbstractData& data) {
  NulFinder finder;
  data.VisitSpecs(&finder);
  return finder.found();
}

PXR_NAMESPACE_CLOSE_SCOPE
