#include "parquet_files.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/writer.h>

#include <stdexcept>

#include "values.h"

namespace usdparquet_bench {
namespace {

constexpr int64_t kRowsPerGroup = 10'000;

void Check(const arrow::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

template <typename T>
T Check(arrow::Result<T> result) {
  Check(result.status());
  return result.MoveValueUnsafe();
}

/// The array of `value(row)` for every row.
template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> Build(int64_t rows, Value value) {
  Builder builder;
  for (int64_t row = 0; row < rows; ++row) Check(builder.Append(value(row)));
  return Check(builder.Finish());
}

std::shared_ptr<arrow::Array> BuildFloat3s(int64_t rows, size_t column) {
  const auto elements = std::make_shared<arrow::FloatBuilder>();
  arrow::FixedSizeListBuilder builder(arrow::default_memory_pool(), elements, 3);
  for (int64_t row = 0; row < rows; ++row) {
    Check(builder.Append());
    for (uint64_t i = 0; i < 3; ++i) Check(elements->Append(FloatElement(row, column, i)));
  }
  return Check(builder.Finish());
}

std::shared_ptr<arrow::Array> BuildFloatArrays(int64_t rows, size_t column) {
  const auto elements = std::make_shared<arrow::FloatBuilder>();
  arrow::ListBuilder builder(arrow::default_memory_pool(), elements);
  for (int64_t row = 0; row < rows; ++row) {
    Check(builder.Append());
    for (uint64_t i = 0; i < ArraySize(row); ++i) {
      Check(elements->Append(FloatElement(row, column, i)));
    }
  }
  return Check(builder.Finish());
}

std::shared_ptr<arrow::Array> BuildColumn(int64_t rows, size_t column) {
  switch (kColumns[column].kind) {
    case Kind::kDouble:
      return Build<arrow::DoubleBuilder>(rows, [=](auto r) { return DoubleValue(r, column); });
    case Kind::kInt:
      return Build<arrow::Int32Builder>(rows, [=](auto r) { return IntValue(r, column); });
    case Kind::kBool:
      return Build<arrow::BooleanBuilder>(rows, [=](auto r) { return BoolValue(r, column); });
    case Kind::kString:
      return Build<arrow::StringBuilder>(rows, [=](auto r) { return StringValue(r, column); });
    case Kind::kFloat3:
      return BuildFloat3s(rows, column);
    case Kind::kFloatArray:
      return BuildFloatArrays(rows, column);
  }
  throw std::logic_error("a kind of column without a builder");
}

void WriteTable(const arrow::Table& table, int64_t rows_per_group, const std::string& file,
                std::shared_ptr<parquet::WriterProperties> properties) {
  const auto sink = Check(arrow::io::FileOutputStream::Open(file));
  Check(parquet::arrow::WriteTable(
      table, arrow::default_memory_pool(), sink, rows_per_group, std::move(properties),
      parquet::ArrowWriterProperties::Builder().store_schema()->build()));
  Check(sink->Close());
}

/// As pyarrow does it.
void WritePlain(const arrow::Table& table, const std::string& file, const std::string& codec) {
  parquet::WriterProperties::Builder properties;
  // pyarrow writes no page index unless it is asked to; the C++ writer's default is another.
  properties.disable_write_page_index();
  const std::string codec_name = codec == "none" ? "uncompressed" : codec;
  properties.compression(Check(arrow::util::Codec::GetCompressionType(codec_name)));
  WriteTable(table, kRowsPerGroup, file, properties.build());
}

}  // namespace

void WriteParquet(const std::string& file, const Scene& scene, size_t first_column,
                  size_t column_count, const std::string& codec) {
  const int64_t rows = scene.prims;
  arrow::ArrayVector arrays = {
      Build<arrow::StringBuilder>(rows, [&](int64_t row) { return scene.PrimPath(row); })};
  arrow::FieldVector fields = {arrow::field("path", arrow::utf8())};
  for (size_t column = first_column; column < first_column + column_count; ++column) {
    arrays.push_back(BuildColumn(rows, column));
    fields.push_back(arrow::field(kColumns[column].name, arrays.back()->type()));
  }
  WritePlain(*arrow::Table::Make(arrow::schema(fields), arrays), file, codec);
}

void WriteWide(const std::string& file) {
  arrow::ArrayVector arrays = {Build<arrow::StringBuilder>(
      kWideRowGroups, [](int64_t row) { return WidePath(static_cast<int>(row)); })};
  arrow::FieldVector fields = {arrow::field("path", arrow::utf8())};
  for (int column = 0; column < kWideColumns; ++column) {
    arrays.push_back(Build<arrow::DoubleBuilder>(
        kWideRowGroups, [=](int64_t row) { return WideValue(static_cast<int>(row), column); }));
    fields.push_back(arrow::field(WideColumn(column), arrow::float64()));
  }
  parquet::WriterProperties::Builder properties;
  properties.enable_write_page_index()->disable_dictionary();
  WriteTable(*arrow::Table::Make(arrow::schema(fields), arrays), 1, file, properties.build());
}

void WriteLongParquet(const std::string& file, const Scene& scene, const std::string& codec) {
  const int64_t prims = scene.prims, rows = prims * kFrames;
  arrow::ArrayVector arrays = {
      Build<arrow::StringBuilder>(rows, [&](int64_t row) { return scene.PrimPath(row % prims); }),
      Build<arrow::Int32Builder>(rows,
                                 [&](int64_t row) { return static_cast<int32_t>(row / prims); })};
  arrow::FieldVector fields = {arrow::field("path", arrow::utf8()),
                               arrow::field("frame", arrow::int32())};
  for (const size_t column : kPlaybackColumns) {
    arrays.push_back(Build<arrow::DoubleBuilder>(rows, [&](int64_t row) {
      return SampleValue(static_cast<uint64_t>(row % prims), static_cast<int>(row / prims), column);
    }));
    fields.push_back(arrow::field(kColumns[column].name, arrow::float64()));
  }
  WritePlain(*arrow::Table::Make(arrow::schema(fields), arrays), file, codec);
}

}  // namespace usdparquet_bench
