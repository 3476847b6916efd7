#include "plugin/edit/layer_data.h"

#include <pxr/base/tf/diagnostic.h>
#include <pxr/usd/sdf/schema.h>
#include <pxr/usd/sdf/types.h>

#include <algorithm>
#include <iterator>

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
  if (const VtValue* value = spec.Find(field))
    return !value->IsEmpty() && UsdParquetDeliver(*value, out);
  return !spec.hides_file && source_->Has(path, field, out, nullptr);
}

template <typename Out>
bool UsdParquetLayerData::HasField(const SdfPath& path, const TfToken& field, Out* out,
                                   SdfSpecType* type) const {
  return UsdParquetGuarded(false, [&]() -> bool {
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
        if (const VtValue* value = spec->Find(field)) return value->GetTypeid();
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

Edits::Spec* UsdParquetLayerData::EditedSpec(const SdfPath& path) {
  if (!edits_.Find(path)) {
    const SdfSpecType type = source_->GetSpecType(path);
    if (type == SdfSpecTypeUnknown) return nullptr;
    edits_[path].type = type;
  }
  Edits::Spec& spec = edits_[path];
  return spec.type == SdfSpecTypeUnknown ? nullptr : &spec;
}

void UsdParquetLayerData::CreateSpec(const SdfPath& path, SdfSpecType type) {
  UsdParquetGuarded([&] {
    if (!TF_VERIFY(type != SdfSpecTypeUnknown)) return;
    Edits::Spec& spec = edits_[path];
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
    if (source_->HasSpec(path)) {
      edits_[path] = {SdfSpecTypeUnknown, true, {}};
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
    Edits::Spec moved{type, true, {}};
    for (const TfToken& field : List(from)) moved.fields.emplace_back(field, Get(from, field));
    EraseSpec(from);
    edits_[to] = std::move(moved);
  });
}

void UsdParquetLayerData::Set(const SdfPath& path, const TfToken& field, const VtValue& value) {
  UsdParquetGuarded([&] {
    if (value.IsEmpty()) {
      Erase(path, field);
    } else if (Edits::Spec* spec = EditedSpec(path)) {
      spec->Set(field, value);
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
    EditedSpec(path)->Set(field, VtValue());
  });
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

// Time samples. Those of an edited attribute are one field, as in SdfData; those of the file are
// asked for one at a time.

std::optional<SdfTimeSampleMap> UsdParquetLayerData::EditedSamples(const SdfPath& path) const {
  const Edits::Spec* spec = edits_.empty() ? nullptr : edits_.Find(path);
  if (!spec) return std::nullopt;
  const VtValue* value = spec->Find(SdfFieldKeys->TimeSamples);
  if (!value && !spec->hides_file && spec->type != SdfSpecTypeUnknown) return std::nullopt;
  if (!value || !value->IsHolding<SdfTimeSampleMap>()) return SdfTimeSampleMap();
  return value->UncheckedGet<SdfTimeSampleMap>();
}

std::set<double> UsdParquetLayerData::ListTimeSamplesForPath(const SdfPath& path) const {
  return UsdParquetGuarded({}, [&]() -> std::set<double> {
    const auto edited = EditedSamples(path);
    if (!edited) return source_->ListTimeSamplesForPath(path);
    std::set<double> times;
    for (const auto& [time, value] : *edited) times.insert(times.end(), time);
    return times;
  });
}

std::set<double> UsdParquetLayerData::ListAllTimeSamples() const {
  return UsdParquetGuarded({}, [&]() -> std::set<double> {
    std::set<double> times = source_->ListAllTimeSamples();
    if (edits_.empty()) return times;
    // An edit may have removed the last sample at a time of the file: then every attribute counts.
    class Collector final : public SdfAbstractDataSpecVisitor {
     public:
      explicit Collector(std::set<double>* times) : times_(times) {}
      bool VisitSpec(const SdfAbstractData& data, const SdfPath& path) override {
        if (path.IsPropertyPath()) times_->merge(data.ListTimeSamplesForPath(path));
        return true;
      }
      void Done(const SdfAbstractData&) override {}

     private:
      std::set<double>* const times_;
    };
    times.clear();
    Collector collector(&times);
    VisitSpecs(&collector);
    return times;
  });
}

bool UsdParquetLayerData::GetBracketingTimeSamples(double time, double* lower,
                                                   double* upper) const {
  return UsdParquetGuarded(false, [&]() -> bool {
    if (edits_.empty()) return source_->GetBracketingTimeSamples(time, lower, upper);
    return UsdParquetTimeSamples::Bracket(ListAllTimeSamples(), time, lower, upper);
  });
}

size_t UsdParquetLayerData::GetNumTimeSamplesForPath(const SdfPath& path) const {
  return UsdParquetGuarded(0, [&]() -> size_t {
    const auto edited = EditedSamples(path);
    return edited ? edited->size() : source_->GetNumTimeSamplesForPath(path);
  });
}

bool UsdParquetLayerData::GetBracketingTimeSamplesForPath(const SdfPath& path, double time,
                                                          double* lower, double* upper) const {
  return UsdParquetGuarded(false, [&]() -> bool {
    if (!EditedSamples(path)) {
      return source_->GetBracketingTimeSamplesForPath(path, time, lower, upper);
    }
    return UsdParquetTimeSamples::Bracket(ListTimeSamplesForPath(path), time, lower, upper);
  });
}

bool UsdParquetLayerData::GetPreviousTimeSampleForPath(const SdfPath& path, double time,
                                                       double* previous) const {
  return UsdParquetGuarded(false, [&]() -> bool {
    const auto edited = EditedSamples(path);
    if (!edited) return source_->GetPreviousTimeSampleForPath(path, time, previous);
    const auto at_or_behind = edited->lower_bound(time);
    if (at_or_behind == edited->begin()) return false;
    *previous = std::prev(at_or_behind)->first;
    return true;
  });
}

const std::type_info& UsdParquetLayerData::QueryTimeSampleTypeid(const SdfPath& path,
                                                                 double time) const {
  return UsdParquetGuarded(typeid(void), [&]() -> const std::type_info& {
    const auto edited = EditedSamples(path);
    if (!edited) return source_->QueryTimeSampleTypeid(path, time);
    const auto sample = edited->find(time);
    return sample == edited->end() ? typeid(void) : sample->second.GetTypeid();
  });
}

template <typename Out>
bool UsdParquetLayerData::HasSample(const SdfPath& path, double time, Out* out) const {
  return UsdParquetGuarded(false, [&]() -> bool {
    const auto edited = EditedSamples(path);
    if (!edited) return source_->QueryTimeSample(path, time, out);
    const auto sample = edited->find(time);
    return sample != edited->end() && UsdParquetDeliver(sample->second, out);
  });
}

bool UsdParquetLayerData::QueryTimeSample(const SdfPath& path, double time, VtValue* value) const {
  return HasSample(path, time, value);
}

bool UsdParquetLayerData::QueryTimeSample(const SdfPath& path, double time,
                                          SdfAbstractDataValue* value) const {
  return HasSample(path, time, value);
}

void UsdParquetLayerData::SetTimeSample(const SdfPath& path, double time, const VtValue& value) {
  UsdParquetGuarded([&] {
    if (value.IsEmpty()) {
      EraseTimeSample(path, time);
      return;
    }
    VtValue held;
    HasField(path, SdfFieldKeys->TimeSamples, &held, nullptr);
    SdfTimeSampleMap samples;
    if (held.IsHolding<SdfTimeSampleMap>()) held.UncheckedSwap(samples);
    samples[time] = value;
    Set(path, SdfFieldKeys->TimeSamples, VtValue::Take(samples));
  });
}

void UsdParquetLayerData::EraseTimeSample(const SdfPath& path, double time) {
  UsdParquetGuarded([&] {
    VtValue held;
    if (!HasField(path, SdfFieldKeys->TimeSamples, &held, nullptr) ||
        !held.IsHolding<SdfTimeSampleMap>()) {
      return;
    }
    SdfTimeSampleMap samples;
    held.UncheckedSwap(samples);
    if (samples.erase(time) == 0) return;
    if (samples.empty()) {
      Erase(path, SdfFieldKeys->TimeSamples);
    } else {
      Set(path, SdfFieldKeys->TimeSamples, VtValue::Take(samples));
    }
  });
}

PXR_NAMESPACE_CLOSE_SCOPE
