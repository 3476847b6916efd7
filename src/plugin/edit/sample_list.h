#pragma once

/// \file
/// The time samples of an attribute that was edited.

#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/types.h>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

PXR_NAMESPACE_OPEN_SCOPE

/// Samples in the order of their times, changed in place: as USDC keeps them. A sample may still be
/// that of the file, which is not in memory then: one edited sample brings no other along.
///
/// Thread-safety: as a layer's, reading from many threads or editing from one.
class UsdParquetSampleList {
 public:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  UsdParquetSampleList() = default;
  explicit UsdParquetSampleList(const SdfTimeSampleMap& samples) {
    times_.reserve(samples.size());
    values_.reserve(samples.size());
    for (const auto& [time, value] : samples) {
      times_.push_back(time);
      values_.push_back(value);
    }
  }
  /// The samples of the file at these times, which are in order.
  explicit UsdParquetSampleList(std::vector<double> times)
      : times_(std::move(times)), values_(times_.size()), keeps_file_samples_(true) {}

  const std::vector<double>& times() const { return times_; }
  /// The number of the sample at exactly `time`, or kNone.
  size_t Find(double time) const {
    const size_t i = PlaceOf(time);
    return i < times_.size() && times_[i] == time ? i : kNone;
  }
  /// Whether any sample may be that of the file.
  bool keeps_file_samples() const { return keeps_file_samples_; }
  /// Whether sample `i` is that of the file.
  bool IsOfFile(size_t i) const { return keeps_file_samples_ && values_[i].IsEmpty(); }
  /// The value of sample `i`, which is not that of the file.
  const VtValue& value(size_t i) const { return values_[i]; }

  /// Sets the sample at `time`. Returns whether there was none.
  bool Set(double time, const VtValue& value) {
    const size_t i = PlaceOf(time);
    if (i < times_.size() && times_[i] == time) {
      values_[i] = value;
      return false;
    }
    // Where memory runs out, both are as they were.
    if (times_.size() == times_.capacity()) times_.reserve(2 * times_.size() + 1);
    values_.insert(values_.begin() + i, value);
    times_.insert(times_.begin() + i, time);
    return true;
  }
  void Erase(size_t i) {
    times_.erase(times_.begin() + i);
    values_.erase(values_.begin() + i);
  }

  /// The whole field. `file_samples()` gives that of the file, and is asked only if any sample is
  /// still the file's.
  template <typename FileSamples>
  SdfTimeSampleMap ToMap(const FileSamples& file_samples) const {
    SdfTimeSampleMap map, of_file;
    if (keeps_file_samples_) of_file = file_samples();
    for (size_t i = 0; i < times_.size(); ++i) {
      if (!IsOfFile(i)) {
        map.emplace_hint(map.end(), times_[i], values_[i]);
      } else if (const auto found = of_file.find(times_[i]); found != of_file.end()) {
        map.emplace_hint(map.end(), times_[i], std::move(found->second));
      }
    }
    return map;
  }

  bool operator==(const UsdParquetSampleList&) const = default;

 private:
  size_t PlaceOf(double time) const {
    return std::lower_bound(times_.begin(), times_.end(), time) - times_.begin();
  }

  std::vector<double> times_;
  std::vector<VtValue> values_;
  bool keeps_file_samples_ = false;  // where a value is empty
};

PXR_NAMESPACE_CLOSE_SCOPE
