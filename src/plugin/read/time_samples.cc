#include "plugin/read/time_samples.h"

#include <iterator>
#include <utility>

PXR_NAMESPACE_OPEN_SCOPE

using usdparquet::EpochGuard;
using usdparquet::Page;
using usdparquet::PrimTimes;
using usdparquet::TimeIndex;

uint32_t UsdParquetTimeSamples::DefaultRowOfMany(uint32_t first_row) const {
  return table_.times()->Find(first_row).default_row();
}

uint32_t UsdParquetTimeSamples::LastBefore(const Column& column, const PrimTimes& times,
                                           uint32_t end) const {
  while (end > 0 && !HasSample(column, times, end - 1)) --end;
  return end > 0 ? end - 1 : kNone;
}

uint32_t UsdParquetTimeSamples::FirstFrom(const Column& column, const PrimTimes& times,
                                          uint32_t begin) const {
  while (begin < times.size() && !HasSample(column, times, begin)) ++begin;
  return begin < times.size() ? begin : kNone;
}

bool UsdParquetTimeSamples::HasAny(const Column& column, uint32_t first_row) const {
  const TimeIndex* const index = table_.times();
  return index && FirstFrom(column, index->Find(first_row), 0) != kNone;
}

bool UsdParquetTimeSamples::HasAnyTimedCell(uint32_t column, uint32_t first_row) const {
  const TimeIndex* const index = table_.times();
  if (!index) return false;
  const PrimTimes times = index->Find(first_row);
  for (uint32_t i = 0; i < times.size(); ++i) {
    if (!table_.IsNull(column, times.RowOf(i))) return true;
  }
  return false;
}

size_t UsdParquetTimeSamples::Count(const Column& column, uint32_t first_row) const {
  const TimeIndex* const index = table_.times();
  if (!index) return 0;
  const PrimTimes times = index->Find(first_row);
  if (column.IsFull()) return times.size();
  size_t count = 0;
  for (uint32_t i = 0; i < times.size(); ++i) count += HasSample(column, times, i);
  return count;
}

std::vector<double> UsdParquetTimeSamples::List(const Column& column, uint32_t first_row) const {
  std::vector<double> found;
  const TimeIndex* const index = table_.times();
  if (!index) return found;
  const PrimTimes times = index->Find(first_row);
  if (!times.HasGoodCodes()) return found;
  for (uint32_t i = 0; i < times.size(); ++i) {
    if (HasSample(column, times, i)) found.push_back(times.codes()[i]);
  }
  return found;
}

SdfTimeSampleMap UsdParquetTimeSamples::Map(const Column& column, uint32_t first_row) const {
  SdfTimeSampleMap map;
  const TimeIndex* const index = table_.times();
  if (!index) return map;
  const PrimTimes times = index->Find(first_row);
  if (!times.HasGoodCodes()) return map;
  for (uint32_t i = 0; i < times.size(); ++i) {
    const uint32_t row = times.RowOf(i);
    EpochGuard guard;
    const Page* page = column.reader->Fetch(row, guard);
    const uint32_t cell = row - page->first_row;
    if (!page->IsPresent(cell)) continue;
    VtValue value = column.type->get(*column.type, *page, cell);
    if (!value.IsEmpty()) map.emplace_hint(map.end(), times.codes()[i], std::move(value));
  }
  return map;
}

bool UsdParquetTimeSamples::GetBracketing(const Column& column, uint32_t first_row, double time,
                                          double* lower, double* upper) const {
  const TimeIndex* const index = table_.times();
  if (!index) return false;
  const PrimTimes times = index->Find(first_row);
  const std::span<const double> codes = times.codes();
  const uint32_t count = times.CountUpTo(time);
  const uint32_t before = LastBefore(column, times, count);
  if (before != kNone && codes[before] == time) {
    *lower = *upper = time;
    return true;
  }
  const uint32_t after = FirstFrom(column, times, count);
  if (before == kNone && after == kNone) return false;
  *lower = codes[before == kNone ? after : before];
  *upper = codes[after == kNone ? before : after];
  return true;
}

bool UsdParquetTimeSamples::GetPrevious(const Column& column, uint32_t first_row, double time,
                                        double* previous) const {
  const TimeIndex* const index = table_.times();
  if (!index) return false;
  const PrimTimes times = index->Find(first_row);
  uint32_t count = times.CountUpTo(time);
  if (count > 0 && times.codes()[count - 1] == time) --count;
  const uint32_t before = LastBefore(column, times, count);
  if (before == kNone) return false;
  *previous = times.codes()[before];
  return true;
}

bool UsdParquetTimeSamples::GetRange(double* first, double* last) const {
  const TimeIndex* const index = table_.times();
  if (!index || !index->has_codes()) return false;
  *first = index->first_code();
  *last = index->last_code();
  return true;
}

bool UsdParquetTimeSamples::HasValueInAnyColumn(uint32_t row) const {
  for (size_t column = 0; column < table_.columns().size(); ++column) {
    if (IsAttribute(column) && table_.HasValue(column, row)) return true;
  }
  return false;
}

std::set<double> UsdParquetTimeSamples::FindAll() const {
  std::set<double> found;
  const TimeIndex* const index = table_.times();
  if (!index) return found;
  bool is_any_full = false;
  for (size_t column = 0; column < table_.columns().size(); ++column) {
    is_any_full = is_any_full || (IsAttribute(column) && table_.IsFull(column));
  }
  uint64_t num_rows = 0;
  const double* last_codes = nullptr;  // neighbours mostly share them
  table_.VisitRows([&](uint32_t first_row) {
    const PrimTimes times = index->Find(first_row);
    const std::span<const double> codes = times.codes();
    num_rows += codes.size();
    if (num_rows > table_.num_rows() && !table_.is_joined())
      return index->Reject("its prims have more rows than the file");
    if (is_any_full) {
      if (codes.empty() || codes.data() == last_codes || !times.HasGoodCodes()) return;
      last_codes = codes.data();
      found.insert(codes.begin(), codes.end());
      return;
    }
    for (uint32_t i = 0; i < times.size(); ++i) {
      if (!found.contains(codes[i]) && HasValueInAnyColumn(times.RowOf(i))) {
        found.insert(codes[i]);
      }
    }
  });
  return found;
}

const std::set<double>& UsdParquetTimeSamples::ListAll() const {
  std::call_once(all_once_, [this] { all_ = table_.Ask([this] { return FindAll(); }); });
  return all_;
}

PXR_NAMESPACE_CLOSE_SCOPE
