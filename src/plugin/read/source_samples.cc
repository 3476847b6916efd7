// The time samples of UsdParquetSource: those of the residual, or those of a column.

#include <pxr/usd/sdf/types.h>

#include "plugin/read/residual_data.h"
#include "plugin/read/source.h"

PXR_NAMESPACE_OPEN_SCOPE

using Property = UsdParquetColumns::Property;

const std::set<double>& UsdParquetSource::AllTimes() const {
  if (!residual_) return samples_.ListAll();
  std::call_once(all_times_once_, [this] {
    all_times_ = samples_.ListAll();
    all_times_.merge(residual_->ListAllTimeSamples());
  });
  return all_times_;
}

std::vector<double> UsdParquetSource::TimesOf(const SdfPath& path) const {
  return table_->Ask([&]() -> std::vector<double> {
    const Location at = Resolve(path);
    if (at.is_residual) {
      const std::set<double> times = residual_->ListTimeSamplesForPath(path);
      return {times.begin(), times.end()};
    }
    if (at.type != SdfSpecTypeAttribute) return {};
    return samples_.List(*at.property, at.row);
  });
}

size_t UsdParquetSource::GetNumTimeSamplesForPath(const SdfPath& path) const {
  return table_->Ask([&]() -> size_t {
    const Location at = Resolve(path);
    if (at.is_residual) return residual_->GetNumTimeSamplesForPath(path);
    if (at.type != SdfSpecTypeAttribute) return 0;
    return samples_.Count(*at.property, at.row);
  });
}

bool UsdParquetSource::GetBracketingTimeSamplesForPath(const SdfPath& path, double time,
                                                       double* lower, double* upper) const {
  return table_->Ask([&] {
    uint32_t row;
    const Property* const property = FindAttributeColumn(path, &row);
    if (property && samples_.GetBracketing(*property, row, time, lower, upper)) return true;
    const SdfAbstractData* const rest = ResidualOf(Locate(path));
    return rest && rest->GetBracketingTimeSamplesForPath(path, time, lower, upper);
  });
}

bool UsdParquetSource::GetPreviousTimeSampleForPath(const SdfPath& path, double time,
                                                    double* previous) const {
  return table_->Ask([&] {
    const Location at = Locate(path);
    if (IsAttributeColumn(at) && samples_.GetPrevious(*at.property, at.row, time, previous)) {
      return true;
    }
    const SdfAbstractData* const rest = ResidualOf(at);
    return rest && rest->GetPreviousTimeSampleForPath(path, time, previous);
  });
}

const std::type_info& UsdParquetSource::QueryTimeSampleTypeid(const SdfPath& path,
                                                              double time) const {
  return *table_->Ask([&]() -> const std::type_info* {
    uint32_t row;
    // An attribute that has a sample is there: nulls need not be asked.
    const Property* const property = FindAttributeColumn(path, &row);
    if (property && samples_.HasAt(*property, row, time)) return property->type->type;
    const Location at = Resolve(path);
    return at.is_residual ? &UsdParquetResidualSampleTypeid(*residual_, path, time) : &typeid(void);
  });
}

template <typename Out>
bool UsdParquetSource::QueryTimeSample(const SdfPath& path, double time, Out* value) const {
  return table_->Ask([&] {
    uint32_t row;
    const Property* const property = FindAttributeColumn(path, &row);
    if (property && columns_.HasCell(*property, samples_.RowAt(row, time), value)) return true;
    const SdfAbstractData* const rest = ResidualOf(Locate(path));
    return rest && UsdParquetResidualSample(*rest, path, time, value);
  });
}
template bool UsdParquetSource::QueryTimeSample(const SdfPath&, double, VtValue*) const;
template bool UsdParquetSource::QueryTimeSample(const SdfPath&, double,
                                                SdfAbstractDataValue*) const;

PXR_NAMESPACE_CLOSE_SCOPE
