#include "core/color/color_bounds.h"

#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <vector>

#include "core/color/color_values.h"
#include "core/schema/value_convert.h"
#include "core/util/guard.h"
#include "core/util/limits.h"

namespace usdparquet {
namespace {

template <typename T>
std::optional<double> NumberInBytes(const std::string& bytes) {
  T value;
  if (bytes.size() != sizeof(T)) return std::nullopt;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return static_cast<double>(value);
}

std::optional<int64_t> IntegerInBytes(const std::string& bytes, parquet::Type::type type) {
  if (type != parquet::Type::INT32 && type != parquet::Type::INT64) return std::nullopt;
  int64_t wide;
  int32_t narrow;
  if (type == parquet::Type::INT32 && bytes.size() == sizeof(narrow)) {
    std::memcpy(&narrow, bytes.data(), sizeof(narrow));
    return narrow;
  }
  if (type != parquet::Type::INT64 || bytes.size() != sizeof(wide)) return std::nullopt;
  std::memcpy(&wide, bytes.data(), sizeof(wide));
  return wide;
}

std::optional<double> DecimalInBytes(const std::string& bytes, const ColumnInfo& column,
                                     parquet::Type::type type) {
  if (const auto integer = IntegerInBytes(bytes, type)) {
    return DecimalToDouble(*integer, column.decimal_scale);
  }
  if (type != parquet::Type::FIXED_LEN_BYTE_ARRAY || bytes.empty() || bytes.size() > 32) {
    return std::nullopt;
  }
  return DecimalToDouble(reinterpret_cast<const uint8_t*>(bytes.data()),
                         static_cast<int32_t>(bytes.size()), column.decimal_scale);
}

/// A date, timestamp or time. One that has no text is none that a cell has.
std::optional<double> MomentInBytes(const std::string& bytes, const ColumnInfo& column,
                                    parquet::Type::type type) {
  const auto ticks = IntegerInBytes(bytes, type);
  if (!ticks) return std::nullopt;
  char text[kMaxTimeText];
  const int digits = column.ticks_per_second_log10;
  const int length = column.conversion == Conversion::kDate ? FormatDate(*ticks, text)
                     : column.conversion == Conversion::kTime
                         ? FormatTime(*ticks, digits, text)
                         : FormatTimestamp(*ticks, digits, column.is_utc, text);
  if (length == 0) return std::nullopt;
  return SecondsOfText({text, static_cast<size_t>(length)});
}

/// A bound as statistics store it, as a number; nothing if it can't be one.
std::optional<double> NumberOfBound(const std::string& bytes, const ColumnInfo& column,
                                    parquet::Type::type type) {
  using parquet::Type;
  if (HoldsMoments(column.conversion)) return MomentInBytes(bytes, column, type);
  if (column.conversion == Conversion::kDecimal) return DecimalInBytes(bytes, column, type);
  if (column.conversion != Conversion::kNone) return std::nullopt;  // those of the wide integers
  switch (column.type.scalar) {
    case Scalar::kUInt:
      return type == Type::INT32 ? NumberInBytes<uint32_t>(bytes) : std::nullopt;
    case Scalar::kUInt64:
      return type == Type::INT64 ? NumberInBytes<uint64_t>(bytes) : std::nullopt;
    case Scalar::kInt:
      return type == Type::INT32 ? NumberInBytes<int32_t>(bytes) : std::nullopt;
    case Scalar::kInt64:
      return type == Type::INT64 ? NumberInBytes<int64_t>(bytes) : std::nullopt;
    case Scalar::kHalf:
      return type == Type::FIXED_LEN_BYTE_ARRAY ? NumberInBytes<HalfBits>(bytes) : std::nullopt;
    case Scalar::kFloat:
      return type == Type::FLOAT ? NumberInBytes<float>(bytes) : std::nullopt;
    case Scalar::kDouble:
      return type == Type::DOUBLE ? NumberInBytes<double>(bytes) : std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<ColorBounds> ReadBounds(const parquet::FileMetaData& metadata,
                                      const ColumnInfo& column) {
  const auto type = metadata.schema()->Column(column.leaf)->physical_type();
  std::optional<ColorBounds> bounds;
  for (int g = 0; g < metadata.num_row_groups(); ++g) {
    const auto group = metadata.RowGroup(g);
    const auto statistics = group->ColumnChunk(column.leaf)->encoded_statistics();
    if (!statistics) return std::nullopt;
    if (statistics->has_null_count && statistics->null_count == group->num_rows()) continue;
    if (!statistics->has_min || !statistics->has_max) return std::nullopt;
    const auto low = NumberOfBound(statistics->min(), column, type);
    const auto high = NumberOfBound(statistics->max(), column, type);
    if (!low || !high || !std::isfinite(*low) || !std::isfinite(*high) || *low > *high) {
      return std::nullopt;
    }
    if (!bounds) bounds = {*low, *high};
    bounds = {std::min(bounds->low, *low), std::max(bounds->high, *high)};
  }
  return bounds;
}

/// Calls `f` with the pages of a column, in order, until it returns false. Pages that can't be read
/// are left out: whoever reads a cell there is told.
template <typename F>
void VisitPages(Table& table, size_t column, const F& f) {
  ColumnReader& reader = table.reader(column);
  for (uint32_t group = 0; group < table.table_file().num_groups(); ++group) {
    const auto chunk = Guarded([&] { return reader.Locate(group); });
    if (!chunk.ok()) continue;
    for (uint32_t i = 0; i < (*chunk)->pages.size(); ++i) {
      const auto page = Guarded([&] { return reader.Decode(**chunk, i); });
      if (page.ok() && !f(**page)) return;
    }
  }
}

}  // namespace

std::optional<ColorBounds> BoundsInFooter(const Table& table, const ColumnInfo& column) {
  if (!table.table_file().is_sealed()) return std::nullopt;
  std::optional<ColorBounds> bounds;
  // Damaged statistics tell nothing.
  const arrow::Status asked = Guarded([&] {
    bounds = ReadBounds(table.metadata(), column);
    return arrow::Status::OK();
  });
  return asked.ok() ? bounds : std::nullopt;
}

std::optional<ColorBounds> BoundsOfValues(
    Table& table, size_t column,
    const std::function<double(const Page& page, uint32_t i)>& number) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  ColorBounds bounds{kInfinity, -kInfinity};
  VisitPages(table, column, [&](const Page& page) {
    for (uint32_t i = 0; i < page.num_rows; ++i) {
      if (!page.IsPresent(i)) continue;
      const double value = number(page, i);
      if (!std::isfinite(value)) continue;
      bounds.low = std::min(bounds.low, value);
      bounds.high = std::max(bounds.high, value);
    }
    return true;
  });
  return bounds.low <= bounds.high ? std::optional(bounds) : std::nullopt;
}

arrow::Result<std::set<std::string, std::less<>>> TextsOf(Table& table, size_t column) {
  std::set<std::string, std::less<>> texts;
  size_t num_bytes = 0;
  // The pages of a chunk share a dictionary, of which each text is looked up once.
  std::shared_ptr<const Dictionary> dictionary;
  std::vector<bool> is_known;
  VisitPages(table, column, [&](const Page& page) {
    if (page.dictionary != dictionary) {
      dictionary = page.dictionary;
      is_known.assign(dictionary ? dictionary->strings.size() : 0, false);
    }
    for (uint32_t i = 0; i < page.num_rows; ++i) {
      if (!page.IsPresent(i)) continue;
      if (!page.codes.empty()) {
        if (is_known[page.codes[i]]) continue;
        is_known[page.codes[i]] = true;
      }
      const std::string_view text = page.String(i);
      if (texts.contains(text)) continue;
      texts.emplace(text);
      num_bytes += text.size();
      if (texts.size() > kMaxColorTexts || num_bytes > kMaxColorTextBytes) return false;
    }
    return true;
  });
  if (texts.size() > kMaxColorTexts || num_bytes > kMaxColorTextBytes) {
    return arrow::Status::CapacityError("has more than ", kMaxColorTexts, " different texts, or ",
                                        kMaxColorTextBytes >> 20, " MiB of them");
  }
  return texts;
}

}  // namespace usdparquet
