#include "test_files.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "core/table/arrow_reader.h"

namespace usdparquet_test {
namespace {

void Check(const arrow::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

template <typename Builder, typename Values>
std::shared_ptr<arrow::Array> Build(Builder&& builder, const Values& values,
                                    const std::vector<bool>& is_valid) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (!is_valid.empty() && !is_valid[i]) {
      Check(builder.AppendNull());
    } else {
      Check(builder.Append(values[i]));
    }
  }
  return builder.Finish().ValueOrDie();
}

}  // namespace

std::string ScratchPath(const std::string& name) {
  const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
  const auto folder = std::filesystem::path(USDPARQUET_TEST_DATA_DIR) / "scratch" /
                      test.test_suite_name() / test.name();
  std::filesystem::create_directories(folder);
  return (folder / name).string();
}

std::string WriteFile(const std::string& name, const arrow::Table& table, const Layout& layout) {
  const std::string path = ScratchPath(name);
  auto sink = arrow::io::FileOutputStream::Open(path).ValueOrDie();
  parquet::WriterProperties::Builder builder;
  builder.max_row_group_length(layout.rows_per_group)
      ->write_batch_size(layout.rows_per_page)
      ->max_rows_per_page(layout.rows_per_page)
      ->data_page_version(layout.page_version)
      ->compression(layout.codec)
      ->enable_page_checksum();
  layout.has_page_index ? builder.enable_write_page_index() : builder.disable_write_page_index();
  layout.has_dictionary ? builder.enable_dictionary() : builder.disable_dictionary();
  if (layout.encoding != parquet::Encoding::UNDEFINED) builder.encoding(layout.encoding);
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  Check(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), sink, layout.rows_per_group,
                                   builder.build(), arrow_properties));
  Check(sink->Close());
  return path;
}

std::shared_ptr<arrow::Table> ReadFile(const std::string& path) {
  const auto file = arrow::io::ReadableFile::Open(path).ValueOrDie();
  const auto reader = usdparquet::OpenArrowReader(file, nullptr).ValueOrDie();
  return reader->ReadTable().ValueOrDie();
}

std::string ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string WriteBytes(const std::string& name, std::string_view bytes) {
  const std::string path = ScratchPath(name);
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

std::shared_ptr<arrow::Array> Strings(const std::vector<std::string>& values,
                                      const std::vector<bool>& is_valid) {
  return Build(arrow::StringBuilder(), values, is_valid);
}

std::shared_ptr<arrow::Array> Doubles(const std::vector<double>& values,
                                      const std::vector<bool>& is_valid) {
  return Build(arrow::DoubleBuilder(), values, is_valid);
}

std::string MixedPath(int64_t row) {
  return "/World/Zone_" + std::to_string(row / 100) + "/Prim_" + std::to_string(row);
}
bool MixedHasCost(int64_t row) { return row % 7 != 3; }
double MixedCost(int64_t row) { return static_cast<double>(row) * 1.25 - 100; }
int32_t MixedLifespan(int64_t row) { return static_cast<int32_t>(row * 31 % 977); }
bool MixedIsActive(int64_t row) { return row % 3 == 0; }
std::string MixedSupplier(int64_t row) { return "SUP" + std::to_string(row * 7 % 13); }
bool MixedHasNote(int64_t row) { return row % 5 != 4; }
std::string MixedNote(int64_t row) { return "note number " + std::to_string(row); }
float MixedSize(int64_t row, int component) { return static_cast<float>(row * 3 + component) / 4; }
std::vector<int32_t> MixedSamples(int64_t row) {
  std::vector<int32_t> samples;
  for (int64_t k = 0; k < row % 5; ++k) samples.push_back(static_cast<int32_t>(row * 10 + k));
  return samples;
}

std::shared_ptr<arrow::Table> MixedTable(int64_t rows) {
  arrow::StringBuilder paths, suppliers, notes;
  arrow::DoubleBuilder costs;
  arrow::Int32Builder lifespans;
  arrow::BooleanBuilder actives;
  const auto components = std::make_shared<arrow::FloatBuilder>();
  arrow::FixedSizeListBuilder sizes(arrow::default_memory_pool(), components, 3);
  const auto sample_values = std::make_shared<arrow::Int32Builder>();
  arrow::ListBuilder samples(arrow::default_memory_pool(), sample_values);
  for (int64_t row = 0; row < rows; ++row) {
    Check(paths.Append(MixedPath(row)));
    Check(MixedHasCost(row) ? costs.Append(MixedCost(row)) : costs.AppendNull());
    Check(lifespans.Append(MixedLifespan(row)));
    Check(actives.Append(MixedIsActive(row)));
    Check(suppliers.Append(MixedSupplier(row)));
    Check(MixedHasNote(row) ? notes.Append(MixedNote(row)) : notes.AppendNull());
    Check(sizes.Append());
    for (int c = 0; c < 3; ++c) Check(components->Append(MixedSize(row, c)));
    Check(samples.Append());
    for (int32_t value : MixedSamples(row)) Check(sample_values->Append(value));
  }
  const auto schema = arrow::schema({
      arrow::field("path", arrow::utf8()),
      arrow::field("cost", arrow::float64()),
      arrow::field("lifespan", arrow::int32()),
      arrow::field("is_active", arrow::boolean()),
      arrow::field("supplier", arrow::utf8()),
      arrow::field("note", arrow::utf8()),
      arrow::field("size", arrow::fixed_size_list(arrow::float32(), 3)),
      arrow::field("samples", arrow::list(arrow::int32())),
  });
  return arrow::Table::Make(schema, {paths.Finish().ValueOrDie(), costs.Finish().ValueOrDie(),
                                     lifespans.Finish().ValueOrDie(), actives.Finish().ValueOrDie(),
                                     suppliers.Finish().ValueOrDie(), notes.Finish().ValueOrDie(),
                                     sizes.Finish().ValueOrDie(), samples.Finish().ValueOrDie()});
}

}  // namespace usdparquet_test
