// The time samples of UsdParquetLayerData. Those of an attribute that was edited are one field, as
// in SdfData, changed in place; those of the file are asked for one at a time.

#include <pxr/base/tf/diagnostic.h>
#include <pxr/usd/sdf/schema.h>
#include <pxr/usd/sdf/types.h>

#include <algorithm>
#include <iterator>

#include "plugin/edit/layer_data.h"
#include "plugin/read/guarded.h"
#include "plugin/values/deliver.h"

PXR_NAMESPACE_OPEN_SCOPE

using Edits = UsdParquetLayerEdits;

/// Null where the file's samples count.
const UsdParquetSampleList* UsdParquetLayerData::FindEditedSamples(const SdfPath& path) const {
  static const auto* const kNone = new UsdParquetSampleList();
  const Edits::Spec* spec = edits_.empty() ? nullptr : edits_.Find(path);
  if (!spec) return nullptr;
  const VtValue* value = spec->Find(SdfFieldKeys->TimeSamples);
  if (!value && !spec->hides_file && spec->type != SdfSpecTypeUnknown) return nullptr;
  return value && value->IsHolding<UsdParquetSampleList>()
             ? &value->UncheckedGet<UsdParquetSampleList>()
             : kNone;
}

SdfTimeSampleMap UsdParquetLayerData::WholeSamples(const SdfPath& path,
                                                   const UsdParquetSampleList& edited) const {
  return edited.ToMap([&] {
    SdfTimeSampleMap samples;
    VtValue held;
    source_->Has(path, SdfFieldKeys->TimeSamples, &held, nullptr);
    if (held.IsHolding<SdfTimeSampleMap>()) held.UncheckedSwap(samples);
    return samples;
  });
}

std::set<double> UsdParquetLayerData::ListTimeSamplesForPath(const SdfPath& path) const {
  return UsdParquetGuarded({}, [&]() -> std::set<double> {
    const UsdParquetSampleList* const edited = FindEditedSamples(path);
    if (edited) return {edited->times().begin(), edited->times().end()};
    const std::vector<double> times = source_->TimesOf(path);
    return {times.begin(), times.end()};
  });
}

size_t UsdParquetLayerData::GetNumTimeSamplesForPath(const SdfPath& path) const {
  return UsdParquetGuarded(0, [&]() -> size_t {
    const UsdParquetSampleList* const edited = FindEditedSamples(path);
    return edited ? edited->times().size() : source_->GetNumTimeSamplesForPath(path);
  });
}

bool UsdParquetLayerData::GetBracketingTimeSamplesForPath(const SdfPath& path, double time,
                                                          double* lower, double* upper) const {
  return UsdParquetGuarded(false, [&]() -> bool {
    const UsdParquetSampleList* const edited = FindEditedSamples(path);
    return edited ? UsdParquetTimeSamples::Bracket(edited->times(), time, lower, upper)
                  : source_->GetBracketingTimeSamplesForPath(path, time, lower, upper);
  });
}

bool UsdParquetLayerData::GetPreviousTimeSampleForPath(const SdfPath& path, double time,
                                                       double* previous) const {
  return UsdParquetGuarded(false, [&]() -> bool {
    const UsdParquetSampleList* const edited = FindEditedSamples(path);
    if (!edited) return source_->GetPreviousTimeSampleForPath(path, time, previous);
    const std::vector<double>& times = edited->times();
    const auto at_or_behind = std::lower_bound(times.begin(), times.end(), time);
    if (at_or_behind == times.begin()) return false;
    *previous = *std::prev(at_or_behind);
    return true;
  });
}

const std::type_info& UsdParquetLayerData::QueryTimeSampleTypeid(const SdfPath& path,
                                                                 double time) const {
  return UsdParquetGuarded(typeid(void), [&]() -> const std::type_info& {
    const UsdParquetSampleList* const edited = FindEditedSamples(path);
    if (!edited) return source_->QueryTimeSampleTypeid(path, time);
    const size_t i = edited->Find(time);
    if (i == UsdParquetSampleList::kNone) return typeid(void);
    return edited->IsOfFile(i) ? source_->QueryTimeSampleTypeid(path, time)
                               : edited->value(i).GetTypeid();
  });
}

template <typename Out>
bool UsdParquetLayerData::HasSample(const SdfPath& path, double time, Out* out) const {
  return UsdParquetGuardedInto(out, [&] {
    const UsdParquetSampleList* const edited = FindEditedSamples(path);
    if (!edited) return source_->QueryTimeSample(path, time, out);
    const size_t i = edited->Find(time);
    if (i == UsdParquetSampleList::kNone) return false;
    return edited->IsOfFile(i) ? source_->QueryTimeSample(path, time, out)
                               : UsdParquetDeliver(edited->value(i), out);
  });
}

bool UsdParquetLayerData::QueryTimeSample(const SdfPath& path, double time, VtValue* value) const {
  return HasSample(path, time, value);
}

bool UsdParquetLayerData::QueryTimeSample(const SdfPath& path, double time,
                                          SdfAbstractDataValue* value) const {
  return HasSample(path, time, value);
}

/// The field with the samples of an attribute, to be changed. Null if there is no such spec.
VtValue* UsdParquetLayerData::SamplesToEdit(const SdfPath& path) {
  Edits::Spec* const spec = EditedSpec(path);
  if (!spec) return nullptr;
  VtValue* const field = spec->Find(SdfFieldKeys->TimeSamples);
  if (field && field->IsHolding<UsdParquetSampleList>()) return field;
  const bool are_of_file = !field && !spec->hides_file;
  spec->Set(
      SdfFieldKeys->TimeSamples,
      VtValue(are_of_file ? UsdParquetSampleList(source_->TimesOf(path)) : UsdParquetSampleList()));
  return spec->Find(SdfFieldKeys->TimeSamples);
}

void UsdParquetLayerData::SetTimeSample(const SdfPath& path, double time, const VtValue& value) {
  UsdParquetGuarded([&] {
    if (value.IsEmpty()) {
      EraseTimeSample(path, time);
      return;
    }
    VtValue* const field = SamplesToEdit(path);
    if (!field) {
      TF_CODING_ERROR("No spec at <%s> when trying to set a time sample", path.GetText());
      return;
    }
    field->UncheckedMutate<UsdParquetSampleList>([&](UsdParquetSampleList& samples) {
      if (samples.Set(time, value)) all_times_.Add(time);
    });
  });
}

void UsdParquetLayerData::EraseTimeSample(const SdfPath& path, double time) {
  UsdParquetGuarded([&] {
    VtValue* const only_asking = nullptr;
    if (!HasSample(path, time, only_asking)) return;
    bool is_last = false;
    SamplesToEdit(path)->UncheckedMutate<UsdParquetSampleList>([&](UsdParquetSampleList& samples) {
      is_last = samples.times().size() == 1;
      if (is_last) return;
      samples.Erase(samples.Find(time));
      all_times_.Remove(time);
    });
    if (is_last) Erase(path, SdfFieldKeys->TimeSamples);
  });
}

// The times of all samples of the layer.

/// Counts the samples of a spec that has come, or was changed.
void UsdParquetLayerData::AddTimes(const SdfPath& path) {
  if (!path.IsPropertyPath()) return;
  all_times_.MarkEdited();
  if (!all_times_.is_counted()) return;
  for (const double time : ListTimeSamplesForPath(path)) all_times_.Add(time);
}

/// No longer counts those of a spec that will go, or be changed.
void UsdParquetLayerData::ForgetTimes(const SdfPath& path) {
  if (!path.IsPropertyPath()) return;
  all_times_.MarkEdited();
  if (!all_times_.is_counted()) return;
  for (const double time : ListTimeSamplesForPath(path)) all_times_.Remove(time);
}

UsdParquetAllTimes::Counts UsdParquetLayerData::CountTimes() const {
  class Counter final : public SdfAbstractDataSpecVisitor {
   public:
    bool VisitSpec(const SdfAbstractData& data, const SdfPath& path) override {
      if (!path.IsPropertyPath()) return true;
      for (const double time : data.ListTimeSamplesForPath(path)) ++counts[time];
      return true;
    }
    void Done(const SdfAbstractData&) override {}

    UsdParquetAllTimes::Counts counts;
  };
  Counter counter;
  if (source_->AllTimes().empty()) {
    for (const auto& [path, spec] : edits_) counter.VisitSpec(*this, path);
  } else {
    VisitSpecs(&counter);
  }
  return std::move(counter.counts);
}

std::set<double> UsdParquetLayerData::ListAllTimeSamples() const {
  return UsdParquetGuarded({}, [&]() -> std::set<double> {
    if (!all_times_.is_edited()) return source_->AllTimes();
    return all_times_.Ask([&] { return CountTimes(); },
                          [](const UsdParquetAllTimes::Counts& counts) {
                            std::set<double> times;
                            for (const auto& [time, count] : counts)
                              times.insert(times.end(), time);
                            return times;
                          });
  });
}

bool UsdParquetLayerData::GetBracketingTimeSamples(double time, double* lower,
                                                   double* upper) const {
  return UsdParquetGuarded(false, [&]() -> bool {
    const auto bracket = [&](const auto& times) {
      return UsdParquetTimeSamples::Bracket(times, time, lower, upper);
    };
    if (!all_times_.is_edited()) return bracket(source_->AllTimes());
    return all_times_.Ask([&] { return CountTimes(); }, bracket);
  });
}

PXR_NAMESPACE_CLOSE_SCOPE
