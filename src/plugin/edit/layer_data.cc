#include "plugin/edit/layer_data.h"

#include <pxr/base/tf/diagnostic.h>
#include <pxr/usd/sdf/schema.h>
#include <pxr/usd/sdf/types.h>

#include <algorithm>
#include <unordered_set>

#include "plugin/read/guarded.h"
#include "plugin/read/spec_visit.h"
#include "plugin/values/deliver.h"

PXR_NAMESPACE_OPEN_SCOPE

using Edits = UsdParquetLayerEdits;

UsdParquetLayerDataRefPtr UsdParquetLayerData::New(std::shared_ptr<const UsdParquetSource> source) {
  return TfCreateRefPtr(new UsdParquetLayerData(std::move(source)));
}

UsdParquetLayerData::UsdParquetLayerData(std::shared_ptr<const UsdParquetSource> source)
    : source_(std::move(source)) {}

UsdParquetLayerData::~UsdParquetLayerData() = default;

void UsdParquetLayerData::Rebase(std::shared_ptr<const UsdParquetSource> source) {
  source_ = std::move(source);
  edits_.clear();
  all_times_.Clear();
}

bool UsdParquetLayerData::IsEmpty() const { return false; }  // the pseudo-root is always there

bool UsdParquetLayerData::HasSpec(const SdfPath& path) const {
  return GetSpecType(path) != SdfSpecTypeUnknown;
}

SdfSpecType UsdParquetLayerData::GetSpecType(const SdfPath& path) const {
  return UsdParquetGuarded(SdfSpecTypeUnknown, [&]() -> SdfSpecType {
    if (!edits_.empty()) {
      if (const Edits::Spec* spec = edits_.Find(path)) return spec->type;
    }
    return source_->GetSpecType(path);
  });
}

template <typename Out>
bool UsdParquetLayerData::HasEditedField(const Edits::Spec& spec, const SdfPath& path,
                                         const TfToken& field, Out* out, SdfSpecType* type) const {
  if (type) *type = spec.type;
  if (spec.type == SdfSpecTypeUnknown) return false;
  if (const VtValue* value = spec.Find(field)) {
    if (out && value->IsHolding<UsdParquetSampleList>()) {
      return UsdParquetDeliver(WholeSamples(path, value->UncheckedGet<UsdParquetSampleList>()),
                               out);
    }
    return !value->IsEmpty() && UsdParquetDeliver(*value, out);
  }
  return !spec.hides_file && source_->Has(path, field, out, nullptr);
}

template <typename Out>
bool UsdParquetLayerData::HasField(const SdfPath& path, const TfToken& field, Out* out,
                                   SdfSpecType* type) const {
  if (edits_.empty() && source_->IsPrimWithout(path, field, type)) return false;
  return UsdParquetGuardedInto(out, [&] {
    if (!edits_.empty()) {
      if (const Edits::Spec* spec = edits_.Find(path)) {
        return HasEditedField(*spec, path, field, out, type);
      }
    }
    return source_->Has(path, field, out, type);
  });
}

bool UsdParquetLayerData::Has(const SdfPath& path, const TfToken& field,
                              SdfAbstractDataValue* value) const {
  return HasField(path, field, value, nullptr);
}

bool UsdParquetLayerData::Has(const SdfPath& path, const TfToken& field, VtValue* value) const {
  return HasField(path, field, value, nullptr);
}

bool UsdParquetLayerData::HasSpecAndField(const SdfPath& path, const TfToken& field,
                                          SdfAbstractDataValue* value, SdfSpecType* type) const {
  return HasField(path, field, value, type);
}

bool UsdParquetLayerData::HasSpecAndField(const SdfPath& path, const TfToken& field, VtValue* value,
                                          SdfSpecType* type) const {
  return HasField(path, field, value, type);
}

VtValue UsdParquetLayerData::Get(const SdfPath& path, const TfToken& field) const {
  VtValue value;
  HasField(path, field, &value, nullptr);
  return value;
}

std::type_info const& UsdParquetLayerData::GetTypeid(const SdfPath& path,
                                                     const TfToken& field) const {
  return UsdParquetGuarded(typeid(void), [&]() -> const std::type_info& {
    if (!edits_.empty()) {
      if (const Edits::Spec* spec = edits_.Find(path)) {
        if (spec->type == SdfSpecTypeUnknown) return typeid(void);
        if (const VtValue* value = spec->Find(field)) {
          return value->IsHolding<UsdParquetSampleList>() ? typeid(SdfTimeSampleMap)
                                                          : value->GetTypeid();
        }
        if (spec->hides_file) return typeid(void);
      }
    }
    return source_->GetTypeid(path, field);
  });
}

std::vector<TfToken> UsdParquetLayerData::List(const SdfPath& path) const {
  return UsdParquetGuarded({}, [&]() -> std::vector<TfToken> {
    const Edits::Spec* spec = edits_.empty() ? nullptr : edits_.Find(path);
    if (!spec) return source_->List(path);
    std::vector<TfToken> fields;
    if (spec->type == SdfSpecTypeUnknown) return fields;
    if (!spec->hides_file) {
      fields = source_->List(path);
      std::erase_if(fields, [&](const TfToken& field) { return spec->Find(field) != nullptr; });
    }
    for (const auto& [field, value] : spec->fields) {
      if (!value.IsEmpty()) fields.push_back(field);
    }
    return fields;
  });
}

/// Edits are made of what the file says, so its index is checked before the first of them.
Edits::Spec& UsdParquetLayerData::Edit(const SdfPath& path) {
  if (edits_.empty()) source_->table().CouldHaveSoundIndex();
  return edits_[path];
}

SdfPath UsdParquetLayerData::FindLostChild() const {
  return UsdParquetGuarded(SdfPath(), [&] {
    const TfToken& key = SdfChildrenKeys->PrimChildren;
    for (const auto& [path, spec] : edits_) {
      const VtValue* const edited = spec.hides_file ? nullptr : spec.Find(key);
      VtValue in_file;
      if (!edited || !source_->Has(path, key, &in_file, nullptr)) continue;
      std::unordered_set<TfToken, TfToken::HashFunctor> kept;
      if (edited->IsHolding<TfTokenVector>()) {
        const auto& names = edited->UncheckedGet<TfTokenVector>();
        kept.insert(names.begin(), names.end());
      }
      for (const TfToken& name : in_file.Get<TfTokenVector>()) {
        if (kept.contains(name)) continue;
        const SdfPath child = path.AppendChild(name);
        const Edits::Spec* const erased = edits_.Find(child);
        if (!erased || erased->type != SdfSpecTypeUnknown) return child;
      }
    }
    return SdfPath();
  });
}

Edits::Spec* UsdParquetLayerData::EditedSpec(const SdfPath& path) {
  if (!edits_.Find(path)) {
    const SdfSpecType type = source_->GetSpecType(path);
    if (type == SdfSpecTypeUnknown) return nullptr;
    Edit(path).type = type;
  }
  Edits::Spec& spec = edits_[path];
  return spec.type == SdfSpecTypeUnknown ? nullptr : &spec;
}

void UsdParquetLayerData::CreateSpec(const SdfPath& path, SdfSpecType type) {
  UsdParquetGuarded([&] {
    if (!TF_VERIFY(type != SdfSpecTypeUnknown)) return;
    Edits::Spec& spec = Edit(path);
    // A spec that is there keeps its fields, as in SdfData.
    if (spec.type == SdfSpecTypeUnknown && !spec.hides_file) {
      spec.hides_file = source_->GetSpecType(path) == SdfSpecTypeUnknown;
    }
    spec.type = type;
  });
}

void UsdParquetLayerData::EraseSpec(const SdfPath& path) {
  UsdParquetGuarded([&] {
    if (!HasSpec(path)) {
      TF_CODING_ERROR("No spec to erase at <%s>", path.GetText());
      return;
    }
    ForgetTimes(path);
    if (source_->HasSpec(path)) {
      Edit(path) = {.hides_file = true};
    } else {
      edits_.Erase(path);
    }
  });
}

void UsdParquetLayerData::MoveSpec(const SdfPath& from, const SdfPath& to) {
  UsdParquetGuarded([&] {
    const SdfSpecType type = GetSpecType(from);
    if (type == SdfSpecTypeUnknown) {
      TF_CODING_ERROR("No spec to move at <%s>", from.GetText());
      return;
    }
    std::vector<std::pair<TfToken, VtValue>> moved;
    for (const TfToken& field : List(from)) moved.emplace_back(field, Get(from, field));
    if (source_->HasSpec(from)) edits_.NoteMoved(from);
    EraseSpec(from);
    Edits::Spec& spec = Edit(to);
    spec = {.type = type, .hides_file = true};
    for (const auto& [field, value] : moved) SetField(to, &spec, field, value);
  });
}

void UsdParquetLayerData::Set(const SdfPath& path, const TfToken& field, const VtValue& value) {
  UsdParquetGuarded([&] {
    if (value.IsEmpty()) {
      Erase(path, field);
    } else if (Edits::Spec* spec = EditedSpec(path)) {
      SetField(path, spec, field, value);
    } else {
      TF_CODING_ERROR("No spec at <%s> when trying to set field '%s'", path.GetText(),
                      field.GetText());
    }
  });
}

void UsdParquetLayerData::Set(const SdfPath& path, const TfToken& field,
                              const SdfAbstractDataConstValue& value) {
  VtValue held;
  value.GetValue(&held);
  Set(path, field, held);
}

void UsdParquetLayerData::Erase(const SdfPath& path, const TfToken& field) {
  UsdParquetGuarded([&] {
    VtValue* const only_asking = nullptr;
    if (!HasField(path, field, only_asking, nullptr)) return;
    SetField(path, EditedSpec(path), field, VtValue());
  });
}

void UsdParquetLayerData::SetField(const SdfPath& path, Edits::Spec* spec, const TfToken& field,
                                   const VtValue& value) {
  if (field != SdfFieldKeys->TimeSamples) {
    spec->Set(field, value);
    return;
  }
  ForgetTimes(path);
  spec->Set(field, value.IsHolding<SdfTimeSampleMap>()
                       ? VtValue(UsdParquetSampleList(value.UncheckedGet<SdfTimeSampleMap>()))
                       : value);
  AddTimes(path);
}

namespace {

/// Passes on the specs of the file that no edit has hidden.
class FileVisitor final : public SdfAbstractDataSpecVisitor {
 public:
  FileVisitor(const Edits& edits, SdfAbstractDataSpecVisitor* visitor)
      : edits_(edits), visitor_(visitor) {}
  bool VisitSpec(const SdfAbstractData& data, const SdfPath& path) override {
    const Edits::Spec* spec = edits_.Find(path);
    return (spec && spec->type == SdfSpecTypeUnknown) || visitor_->VisitSpec(data, path);
  }
  void Done(const SdfAbstractData&) override {}

 private:
  const Edits& edits_;
  SdfAbstractDataSpecVisitor* const visitor_;
};

}  // namespace

void UsdParquetLayerData::_VisitSpecs(SdfAbstractDataSpecVisitor* visitor) const {
  UsdParquetGuarded([&] {
    if (edits_.empty()) {
      UsdParquetVisitSpecs(*source_, *this, visitor);
      return;
    }
    FileVisitor file_specs(edits_, visitor);
    if (!UsdParquetVisitSpecs(*source_, *this, &file_specs)) return;
    for (const auto& [path, spec] : edits_) {
      if (spec.type == SdfSpecTypeUnknown || source_->HasSpec(path)) continue;
      if (!visitor->VisitSpec(*this, path)) return;
    }
  });
}

PXR_NAMESPACE_CLOSE_SCOPE
