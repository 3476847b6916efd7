#include "time_check.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>

#include "message_text.h"
#include "time_codes.h"

namespace usdparquet {
namespace {

using Kind = RowTime::Kind;

/// Appends integers as they are; equal ones are equal times. Beyond `limit` they are no time codes.
template <typename Array>
void AppendIntegers(const Array& array, int64_t limit, std::vector<RowTime>* out) {
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) {
      out->push_back({});
      continue;
    }
    const auto value = array.Value(i);
    const bool is_good = std::cmp_less_equal(value, limit) && std::cmp_greater_equal(value, -limit);
    out->push_back({is_good ? Kind::kSample : Kind::kBad, static_cast<int64_t>(value)});
  }
}

arrow::Status AppendTimes(const arrow::Array& array, std::vector<RowTime>* out) {
  constexpr int64_t kLargestExact = int64_t{1} << 53;  // as doubles tell integers apart
  const arrow::Type::type id = array.type_id();
  if (id == arrow::Type::UINT64) {
    AppendIntegers(static_cast<const arrow::UInt64Array&>(array), kLargestExact, out);
    return arrow::Status::OK();
  }
  const bool is_moment =
      id == arrow::Type::DATE32 || id == arrow::Type::DATE64 || id == arrow::Type::TIMESTAMP;
  if (arrow::is_integer(id) || is_moment) {
    std::shared_ptr<arrow::Array> integers = arrow::MakeArray(array.data());
    if (id == arrow::Type::DATE32) {
      ARROW_ASSIGN_OR_RAISE(integers, arrow::compute::Cast(*integers, arrow::int32()));
    }
    ARROW_ASSIGN_OR_RAISE(integers, arrow::compute::Cast(*integers, arrow::int64()));
    AppendIntegers(static_cast<const arrow::Int64Array&>(*integers),
                   is_moment ? std::numeric_limits<int64_t>::max() : kLargestExact, out);
    return arrow::Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const auto cast, arrow::compute::Cast(array, arrow::float64()));
  const auto& doubles = static_cast<const arrow::DoubleArray&>(*cast);
  for (int64_t i = 0; i < doubles.length(); ++i) {
    if (doubles.IsNull(i)) {
      out->push_back({});
      continue;
    }
    const double value = doubles.Value(i) == 0 ? 0 : doubles.Value(i);  // -0 is 0
    out->push_back(
        {std::isfinite(value) ? Kind::kSample : Kind::kBad, std::bit_cast<int64_t>(value)});
  }
  return arrow::Status::OK();
}

bool HoldsTimes(const arrow::DataType& type) {
  const arrow::Type::type id = type.id();
  return arrow::is_integer(id) || arrow::is_floating(id) || arrow::is_decimal(id) ||
         id == arrow::Type::DATE32 || id == arrow::Type::DATE64 || id == arrow::Type::TIMESTAMP;
}

}  // namespace

arrow::Status CheckTimes(const std::string& name, const arrow::ChunkedArray& column,
                         const std::vector<std::string_view>& paths,
                         const std::vector<uint64_t>& hashes) {
  if (!HoldsTimes(*column.type())) {
    return arrow::Status::Invalid("the time column '", name, "' has type ",
                                  column.type()->ToString(),
                                  "; it must hold numbers, dates or timestamps");
  }
  std::vector<RowTime> times;
  for (const auto& chunk : column.chunks()) ARROW_RETURN_NOT_OK(AppendTimes(*chunk, &times));
  for (size_t row = 0; row < times.size(); ++row) {
    if (times[row].kind != Kind::kBad) continue;
    return arrow::Status::Invalid("column '", name, "', row ", row,
                                  ": the time is no time code; a time is finite, and an integer is "
                                  "within ±2^53");
  }
  // Rows of one path and time, the earlier first.
  std::vector<uint32_t> order(times.size());
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](uint32_t row) {
    return std::tuple(hashes[row], times[row].kind, times[row].raw, row);
  };
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return key(a) < key(b); });
  constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  uint32_t earlier = 0, later = kNone;
  for (size_t i = 1; i < order.size(); ++i) {
    const uint32_t a = order[i - 1], b = order[i];
    const bool is_same = hashes[a] == hashes[b] && times[a].kind == times[b].kind &&
                         times[a].raw == times[b].raw && paths[a] == paths[b];
    if (!is_same || b > later) continue;
    earlier = a;
    later = b;
  }
  if (later == kNone) return arrow::Status::OK();
  return arrow::Status::Invalid("column '", name, "', row ", later, ": ", QuotedValue(paths[later]),
                                " has this time in row ", earlier,
                                " already; a prim has one row a time");
}

}  // namespace usdparquet
