#pragma once

/// \file
/// The time samples of a Parquet layer.

#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/types.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "core/table/table.h"
#include "plugin/read/columns.h"

PXR_NAMESPACE_OPEN_SCOPE

/// The samples of attributes. An attribute is given by its column and the first row of its prim. A
/// cell without a value, or a colour, is no sample; where the file's statistics tell, no page is
/// read.
///
/// In a table without a time column nothing has samples, and every default is in the first row.
///
/// All but ListAll ask the time index of now, so that they are to be called within Table::Ask.
///
/// Thread-safety: all functions may be called from any number of threads.
class UsdParquetTimeSamples {
 public:
  using Column = UsdParquetColumns::Column;
  static constexpr uint32_t kNoRow = usdparquet::PrimTimes::kNoRow;

  /// REQUIRES: `table` outlives this.
  explicit UsdParquetTimeSamples(usdparquet::Table& table) : table_(table) {}

  bool HasTimes() const { return table_.times() != nullptr; }

  /// The row with the defaults of the prim, or kNoRow.
  uint32_t DefaultRow(uint32_t first_row) const {
    return table_.is_long() ? DefaultRowOfMany(first_row) : first_row;
  }

  /// Calls `f(row)` for the rows of the prim, that with the defaults first, until it returns false.
  template <typename F>
  void VisitRows(uint32_t first_row, const F& f) const {
    const usdparquet::TimeIndex* const index = table_.times();
    if (!index) return static_cast<void>(f(first_row));
    const usdparquet::PrimTimes times = index->Find(first_row);
    if (times.default_row() != kNoRow && !f(times.default_row())) return;
    for (uint32_t i = 0; i < times.size() && f(times.RowOf(i)); ++i) {
    }
  }

  bool HasAny(const Column& column, uint32_t first_row) const;
  /// Whether any row with a time has a cell that is not null, with or without a value.
  bool HasAnyTimedCell(uint32_t column, uint32_t first_row) const;
  size_t Count(const Column& column, uint32_t first_row) const;
  std::vector<double> List(const Column& column, uint32_t first_row) const;
  SdfTimeSampleMap Map(const Column& column, uint32_t first_row) const;

  /// The times of the samples before and after `time`. On a sample, before the first and after the
  /// last, both are the same. False if there are no samples.
  bool GetBracketing(const Column& column, uint32_t first_row, double time, double* lower,
                     double* upper) const;
  /// The last sample before `time`. False if there is none.
  bool GetPrevious(const Column& column, uint32_t first_row, double time, double* previous) const;

  /// The row with the sample at exactly `time`, or kNoRow. Whether its cell has a value is left to
  /// the reader of the cell.
  uint32_t RowAt(uint32_t first_row, double time) const {
    const usdparquet::TimeIndex* const index = table_.times();
    if (!index) return kNoRow;
    const usdparquet::PrimTimes times = index->Find(first_row);
    const uint32_t count = times.CountUpTo(time);
    return count > 0 && times.codes()[count - 1] == time ? times.RowOf(count - 1) : kNoRow;
  }

  /// Whether there is a sample at exactly `time`.
  bool HasAt(const Column& column, uint32_t first_row, double time) const {
    const uint32_t row = RowAt(first_row, time);
    return row != kNoRow && (column.IsFull() || column.HasValue(row));
  }

  /// The times of all samples of the layer; found when first asked for.
  const std::set<double>& ListAll() const;
  /// As GetBracketing, over times in order: a std::vector, a std::set or the keys of a std::map.
  template <typename Times>
  static bool Bracket(const Times& times, double time, double* lower, double* upper) {
    if (times.empty()) return false;
    const auto above = [&] {
      if constexpr (requires { times.lower_bound(time); }) {
        return times.lower_bound(time);
      } else {
        return std::lower_bound(times.begin(), times.end(), time);
      }
    }();
    const bool is_below_all = above == times.begin();
    if (!is_below_all && (above == times.end() || TimeOf(*above) != time)) {
      *lower = TimeOf(*std::prev(above));
      *upper = above == times.end() ? *lower : TimeOf(*above);
    } else {
      *lower = *upper = TimeOf(*above);
    }
    return true;
  }

  /// The first and the last time code of the file, whether or not anything has a value there. False
  /// if the file has none.
  bool GetRange(double* first, double* last) const;

 private:
  static constexpr uint32_t kNone = 0xffffffffu;

  static double TimeOf(double time) { return time; }
  template <typename Value>
  static double TimeOf(const std::pair<const double, Value>& entry) {
    return entry.first;
  }
  bool HasSample(const Column& column, const usdparquet::PrimTimes& times, uint32_t i) const {
    return column.IsFull() || column.HasValue(times.RowOf(i));
  }
  /// The last sample before number `end`, and the first one from number `begin` on; kNone if none.
  uint32_t LastBefore(const Column& column, const usdparquet::PrimTimes& times, uint32_t end) const;
  uint32_t FirstFrom(const Column& column, const usdparquet::PrimTimes& times,
                     uint32_t begin) const;
  bool IsAttribute(size_t column) const {
    return table_.columns()[column].role == usdparquet::ColumnRole::kAttribute;
  }
  uint32_t DefaultRowOfMany(uint32_t first_row) const;
  bool HasValueInAnyColumn(uint32_t row) const;
  std::set<double> FindAll() const;

  usdparquet::Table& table_;
  mutable std::once_flag all_once_;
  mutable std::set<double> all_;
};

PXR_NAMESPACE_CLOSE_SCOPE
