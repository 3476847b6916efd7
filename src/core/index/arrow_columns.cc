#include "core/index/arrow_columns.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/util/float16.h>

#include <algorithm>
#include <optional>
#include <span>

#include "core/schema/value_convert.h"

namespace usdparquet {
namespace {

template <typename Array>
void AppendViews(const Array& array, std::vector<std::string_view>* out) {
  for (int64_t i = 0; i < array.length(); ++i) {
    out->push_back(array.IsNull(i) ? std::string_view() : std::string_view(array.GetView(i)));
  }
}

arrow::Status AppendStrings(const arrow::Array& chunk, std::vector<std::string_view>* out) {
  switch (chunk.type_id()) {
    case arrow::Type::STRING:
      AppendViews(static_cast<const arrow::StringArray&>(chunk), out);
      return arrow::Status::OK();
    case arrow::Type::LARGE_STRING:
      AppendViews(static_cast<const arrow::LargeStringArray&>(chunk), out);
      return arrow::Status::OK();
    case arrow::Type::STRING_VIEW:
      AppendViews(static_cast<const arrow::StringViewArray&>(chunk), out);
      return arrow::Status::OK();
    case arrow::Type::DICTIONARY: {
      const auto& coded = static_cast<const arrow::DictionaryArray&>(chunk);
      std::vector<std::string_view> entries;
      ARROW_RETURN_NOT_OK(AppendStrings(*coded.dictionary(), &entries));
      for (int64_t i = 0; i < coded.length(); ++i) {
        out->push_back(coded.IsNull(i) ? std::string_view() : entries[coded.GetValueIndex(i)]);
      }
      return arrow::Status::OK();
    }
    default:
      return arrow::Status::Invalid("has type ", chunk.type()->ToString(),
                                    "; it must hold strings");
  }
}

template <typename ArrayType, typename Make>
void Append(const arrow::Array& array, const Make& make, std::vector<RowTime>* times) {
  const auto& typed = static_cast<const ArrayType&>(array);
  for (int64_t i = 0; i < typed.length(); ++i) {
    times->push_back(typed.IsNull(i) ? RowTime() : make(typed, i));
  }
}

template <typename ArrayType, typename Wide>
void AppendNumbers(const arrow::Array& array, std::vector<RowTime>* times) {
  Append<ArrayType>(
      array, [](const auto& a, int64_t i) { return RowTime::Of(Wide{a.Value(i)}); }, times);
}

template <typename ArrayType>
void AppendTicks(const arrow::Array& array, std::vector<RowTime>* times) {
  Append<ArrayType>(
      array,
      [](const auto& a, int64_t i) { return RowTime{RowTime::Kind::kSample, int64_t{a.Value(i)}}; },
      times);
}

void AppendDecimals(const arrow::Array& array, std::vector<RowTime>* times) {
  const int scale = static_cast<const arrow::DecimalType&>(*array.type()).scale();
  Append<arrow::FixedSizeBinaryArray>(
      array,
      [scale](const auto& a, int64_t i) {
        uint8_t bytes[32];  // as Parquet stores them: the highest first
        std::reverse_copy(a.Value(i), a.Value(i) + a.byte_width(), bytes);
        return RowTime::Of(DecimalToDouble(bytes, a.byte_width(), scale));
      },
      times);
}

int64_t NanosecondsPerUnit(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1'000'000'000;
    case arrow::TimeUnit::MILLI:
      return 1'000'000;
    case arrow::TimeUnit::MICRO:
      return 1'000;
    case arrow::TimeUnit::NANO:
      return 1;
  }
  return 1;
}

/// Appends the times of a chunk. False if its type holds none.
bool AppendTimes(const arrow::Array& chunk, RowTimes* rows) {
  std::vector<RowTime>* const times = &rows->times;
  switch (chunk.type_id()) {
    case arrow::Type::INT8:
      AppendNumbers<arrow::Int8Array, int64_t>(chunk, times);
      return true;
    case arrow::Type::INT16:
      AppendNumbers<arrow::Int16Array, int64_t>(chunk, times);
      return true;
    case arrow::Type::INT32:
      AppendNumbers<arrow::Int32Array, int64_t>(chunk, times);
      return true;
    case arrow::Type::INT64:
      AppendNumbers<arrow::Int64Array, int64_t>(chunk, times);
      return true;
    case arrow::Type::UINT8:
      AppendNumbers<arrow::UInt8Array, uint64_t>(chunk, times);
      return true;
    case arrow::Type::UINT16:
      AppendNumbers<arrow::UInt16Array, uint64_t>(chunk, times);
      return true;
    case arrow::Type::UINT32:
      AppendNumbers<arrow::UInt32Array, uint64_t>(chunk, times);
      return true;
    case arrow::Type::UINT64:
      AppendNumbers<arrow::UInt64Array, uint64_t>(chunk, times);
      return true;
    case arrow::Type::HALF_FLOAT:
      Append<arrow::HalfFloatArray>(
          chunk,
          [](const auto& a, int64_t i) {
            return RowTime::Of(arrow::util::Float16::FromBits(a.Value(i)).ToDouble());
          },
          times);
      return true;
    case arrow::Type::FLOAT:
      AppendNumbers<arrow::FloatArray, double>(chunk, times);
      return true;
    case arrow::Type::DOUBLE:
      AppendNumbers<arrow::DoubleArray, double>(chunk, times);
      return true;
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      AppendDecimals(chunk, times);
      return true;
    case arrow::Type::DATE32:
      rows->column.nanoseconds_per_tick = 86400 * NanosecondsPerUnit(arrow::TimeUnit::SECOND);
      AppendTicks<arrow::Date32Array>(chunk, times);
      return true;
    case arrow::Type::DATE64:
      rows->column.nanoseconds_per_tick = NanosecondsPerUnit(arrow::TimeUnit::MILLI);
      AppendTicks<arrow::Date64Array>(chunk, times);
      return true;
    case arrow::Type::TIMESTAMP:
      rows->column.nanoseconds_per_tick =
          NanosecondsPerUnit(static_cast<const arrow::TimestampType&>(*chunk.type()).unit());
      AppendTicks<arrow::TimestampArray>(chunk, times);
      return true;
    default:
      return false;
  }
}

/// The kind of number that messages show; see TimeColumn::Describe.
Scalar DescribedAs(arrow::Type::type type) {
  return type == arrow::Type::INT64    ? Scalar::kInt64
         : type == arrow::Type::UINT64 ? Scalar::kUInt64
                                       : Scalar::kDouble;
}

/// Paths and times in memory.
class RowSource : public IndexSource {
 public:
  RowSource(const std::vector<std::string_view>& paths, const RowTimes* times)
      : paths_(paths), times_(times) {}

  uint32_t num_rows() const override { return static_cast<uint32_t>(paths_.size()); }
  size_t num_pages() const override { return (paths_.size() + kPageRows - 1) / kPageRows; }
  PathPage PageAt(size_t page) const override {
    const auto first_row = static_cast<uint32_t>(page * kPageRows);
    return {first_row, std::min(kPageRows, num_rows() - first_row)};
  }
  arrow::Result<PagePaths> ReadPaths(size_t page) const override {
    const auto [first_row, num_rows] = PageAt(page);
    return PagePaths(std::span(paths_).subspan(first_row, num_rows));
  }
  bool IsSamePath(uint32_t a, uint32_t b) override { return paths_[a] == paths_[b]; }
  const TimeColumn* time_column() const override { return times_ ? &times_->column : nullptr; }
  arrow::Status ReadTimes(uint32_t first_row, std::span<RowTime> times) override {
    std::copy_n(times_->times.begin() + first_row, times.size(), times.begin());
    return arrow::Status::OK();
  }

 private:
  static constexpr uint32_t kPageRows = 1 << 16;

  const std::vector<std::string_view>& paths_;
  const RowTimes* const times_;
};

}  // namespace

arrow::Result<std::vector<std::string_view>> StringViews(const arrow::ChunkedArray& column) {
  std::vector<std::string_view> views;
  views.reserve(column.length());
  for (const auto& chunk : column.chunks()) ARROW_RETURN_NOT_OK(AppendStrings(*chunk, &views));
  return views;
}

arrow::Result<RowTimes> ReadRowTimes(const arrow::ChunkedArray& column, const std::string& name,
                                     int64_t first_row) {
  RowTimes rows;
  rows.times.reserve(column.length());
  rows.column.info.column_name = name;
  rows.column.info.stored_scalar = DescribedAs(column.type()->id());
  for (std::shared_ptr<arrow::Array> chunk : column.chunks()) {
    if (chunk->type_id() == arrow::Type::DICTIONARY) {
      const auto& values = static_cast<const arrow::DictionaryType&>(*chunk->type()).value_type();
      ARROW_ASSIGN_OR_RAISE(chunk, arrow::compute::Cast(*chunk, values));
    }
    if (!AppendTimes(*chunk, &rows)) {
      return arrow::Status::Invalid("the time column '", name, "' has type ",
                                    column.type()->ToString(),
                                    "; it must hold numbers, dates or timestamps");
    }
  }
  const auto bad = std::find_if(rows.times.begin(), rows.times.end(), [](const RowTime& time) {
    return time.kind == RowTime::Kind::kBad;
  });
  if (bad != rows.times.end()) {
    return arrow::Status::Invalid("column '", name, "', row ",
                                  first_row + (bad - rows.times.begin()),
                                  ": no time code can hold ", rows.column.Describe(*bad),
                                  "; times are finite numbers within ±2^53 where they are whole, "
                                  "or null for defaults");
  }
  return rows;
}

arrow::Result<TableIndex> IndexRows(const std::vector<std::string_view>& paths,
                                    const RowTimes* times, const IdentifierTest& unicode_test,
                                    double codes_per_second) {
  RowSource source(paths, times);
  IndexOptions options;
  options.unicode_test = unicode_test;
  options.num_threads = 1;
  options.codes_per_second = codes_per_second;
  options.with_hashes = true;
  return BuildIndex(source, options);
}

}  // namespace usdparquet
