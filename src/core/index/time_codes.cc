#include "core/index/time_codes.h"

#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/util/float16.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/schema/value_convert.h"

namespace usdparquet {
namespace {

constexpr int64_t kNanosecondsPerDay = 86400 * kNanosecondsPerSecond;
/// Beyond it, doubles no longer tell neighbouring integers apart.
constexpr int64_t kLastExactInteger = int64_t{1} << 53;
/// Stands for INT96 ticks that do not fit; see DenseValues.
constexpr int64_t kBadTicks = std::numeric_limits<int64_t>::min();

int64_t NanosecondsPerTick(int digits) {
  int64_t nanoseconds = kNanosecondsPerSecond;
  for (int i = 0; i < digits; ++i) nanoseconds /= 10;
  return nanoseconds;
}

template <typename T>
T CellAt(const Page& page, uint32_t i) {
  T value;
  std::memcpy(&value, page.cells + i * sizeof(T), sizeof(T));
  return value;
}

}  // namespace

RowTime RowTime::Of(double code) {
  const bool is_good = std::isfinite(code);
  if (code == 0) code = 0;  // -0 is the same time
  return {is_good ? RowTime::Kind::kSample : RowTime::Kind::kBad, std::bit_cast<int64_t>(code)};
}

RowTime RowTime::Of(int64_t value) {
  if (value < -kLastExactInteger || value > kLastExactInteger) {
    return {RowTime::Kind::kBad, value};
  }
  return RowTime::Of(static_cast<double>(value));
}

RowTime RowTime::Of(uint64_t value) {
  if (value > static_cast<uint64_t>(kLastExactInteger)) {
    return {RowTime::Kind::kBad, static_cast<int64_t>(value)};
  }
  return RowTime::Of(static_cast<double>(value));
}

std::optional<Nanoseconds> ParseTimestamp(std::string_view text) {
  // Only nanoseconds have nine digits of a fraction, only coarser units the far years.
  for (const auto& [unit, nanoseconds] : {std::pair{arrow::TimeUnit::NANO, int64_t{1}},
                                          {arrow::TimeUnit::MICRO, int64_t{1000}},
                                          {arrow::TimeUnit::SECOND, kNanosecondsPerSecond}}) {
    const auto parsed = arrow::Scalar::Parse(arrow::timestamp(unit), text);
    if (!parsed.ok()) continue;
    const int64_t ticks = static_cast<const arrow::TimestampScalar&>(**parsed).value;
    return Nanoseconds{ticks} * nanoseconds;
  }
  return std::nullopt;
}

arrow::Result<TimeColumn> TimeColumn::Make(const ColumnInfo& column,
                                           const parquet::ColumnDescriptor& leaf) {
  TimeColumn time{column, 0};
  ColumnInfo& info = time.info;
  const bool is_one_number = column.max_rep == 0 && column.type.tuple == 1 && !column.type.is_array;
  const bool is_number =
      column.stored_scalar != Scalar::kString && column.stored_scalar != Scalar::kBool;
  if (is_one_number && is_number) return time;
  if (is_one_number &&
      (column.conversion == Conversion::kDate || column.conversion == Conversion::kTimestamp)) {
    time.nanoseconds_per_tick = column.conversion == Conversion::kDate
                                    ? kNanosecondsPerDay
                                    : NanosecondsPerTick(column.ticks_per_second_log10);
    info.conversion = Conversion::kNone;
    info.stored_scalar =
        leaf.physical_type() == parquet::Type::INT32 ? Scalar::kInt : Scalar::kInt64;
    info.type = {info.stored_scalar, 1, false};
    return time;
  }
  return arrow::Status::Invalid("the time column '", column.column_name, "' has type ",
                                column.storage, "; it must hold numbers, dates or timestamps");
}

RowTime TimeColumn::Read(const Page& page, uint32_t i) const {
  if (!page.IsPresent(i)) return {};
  if (has_timestamps()) {
    const int64_t ticks =
        info.stored_scalar == Scalar::kInt ? CellAt<int32_t>(page, i) : CellAt<int64_t>(page, i);
    return {ticks == kBadTicks ? RowTime::Kind::kBad : RowTime::Kind::kSample, ticks};
  }
  switch (info.stored_scalar) {
    case Scalar::kUChar:
      return RowTime::Of(uint64_t{CellAt<uint8_t>(page, i)});
    case Scalar::kInt:
      return RowTime::Of(int64_t{CellAt<int32_t>(page, i)});
    case Scalar::kUInt:
      return RowTime::Of(uint64_t{CellAt<uint32_t>(page, i)});
    case Scalar::kInt64:
      return RowTime::Of(CellAt<int64_t>(page, i));
    case Scalar::kUInt64:
      return RowTime::Of(CellAt<uint64_t>(page, i));
    case Scalar::kHalf:
      return RowTime::Of(arrow::util::Float16::FromBits(CellAt<uint16_t>(page, i)).ToDouble());
    case Scalar::kFloat:
      return RowTime::Of(CellAt<float>(page, i));
    case Scalar::kDouble:
      return RowTime::Of(CellAt<double>(page, i));
    case Scalar::kBool:
    case Scalar::kString:
      break;  // Make refuses them
  }
  return {RowTime::Kind::kBad, 0};
}

std::string TimeColumn::Describe(const RowTime& time) const {
  if (time.kind == RowTime::Kind::kDefault) return "null";
  if (has_timestamps()) {
    return time.kind == RowTime::Kind::kBad ? "a timestamp beyond 64 bits"
                                            : "tick " + std::to_string(time.raw);
  }
  if (time.kind == RowTime::Kind::kBad && info.stored_scalar == Scalar::kInt64) {
    return std::to_string(time.raw);
  }
  if (time.kind == RowTime::Kind::kBad && info.stored_scalar == Scalar::kUInt64) {
    return std::to_string(static_cast<uint64_t>(time.raw));
  }
  char text[40];
  const auto end = std::to_chars(text, text + sizeof(text), std::bit_cast<double>(time.raw)).ptr;
  return std::string(text, end);
}

double TimeScale::CodeOf(const TimeColumn& column, int64_t raw) const {
  if (!column.has_timestamps()) return std::bit_cast<double>(raw);
  const Nanoseconds since_start = column.Moment(raw) - start;
  const auto per_second = Nanoseconds{kNanosecondsPerSecond};
  // Whole rates are multiplied before anything is rounded, so that whole frames are whole numbers.
  double code;
  if (codes_per_second == std::floor(codes_per_second) && codes_per_second < 1e6) {
    const Nanoseconds scaled = since_start * static_cast<int64_t>(codes_per_second);
    code = static_cast<double>(scaled / per_second) +
           static_cast<double>(scaled % per_second) / kNanosecondsPerSecond;
  } else {
    code = static_cast<double>(since_start / per_second) * codes_per_second +
           static_cast<double>(since_start % per_second) * codes_per_second / kNanosecondsPerSecond;
  }
  return code == 0 ? 0 : code;
}

}  // namespace usdparquet
