#include <arrow/array.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <parquet/file_reader.h>
#include <parquet/page_index.h>

#include <random>
#include <string>

#include "core/recover/recover_file.h"
#include "test_files.h"

using usdparquet_test::MixedPath;
using usdparquet_test::MixedTable;
using usdparquet_test::ReadBytes;
using usdparquet_test::ReadFile;
using usdparquet_test::WriteBytes;
using usdparquet_test::WriteFile;

namespace usdparquet {
namespace {

constexpr int64_t kRows = 2500;

std::shared_ptr<arrow::Table> ReadAll(const std::string& path) {
  return *ReadFile(path)->CombineChunks();
}

/// Page `page` of a leaf in row group `group`.
parquet::PageLocation PageOf(const std::string& path, int group, int leaf, size_t page) {
  const auto reader = parquet::ParquetFileReader::OpenFile(path);
  const auto index = reader->GetPageIndexReader()->RowGroup(group)->GetOffsetIndex(leaf);
  return index->page_locations()[page];
}

int LeafOf(const std::string& path, const std::string& name) {
  return parquet::ParquetFileReader::OpenFile(path)->metadata()->schema()->ColumnIndex(name);
}

TEST(RecoverFile, LosesTheCellsOfADamagedPageAndNoMore) {
  const std::string input = WriteFile("recover.parquet", *MixedTable(kRows));
  const std::string output = WriteBytes("recovered.parquet", "old");
  const auto sound = ReadAll(input);
  std::string bytes = ReadBytes(input);
  const auto page = PageOf(input, 1, LeafOf(input, "lifespan"), 3);
  bytes[static_cast<size_t>(page.offset + page.compressed_page_size - 20)] ^= 4;
  WriteBytes("recover.parquet", bytes);

  const auto report = RecoverFile(input, output, {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->rows, kRows);
  EXPECT_EQ(report->rows_written, kRows);
  EXPECT_TRUE(report->lost_rows.empty());
  ASSERT_EQ(report->lost_cells.size(), 1u);
  EXPECT_EQ(report->lost_cells[0].column, "lifespan");
  EXPECT_EQ(report->lost_cells[0].first_row, 1000 + page.first_row_index);
  EXPECT_EQ(report->lost_cells[0].count, 100);
  EXPECT_EQ(report->lost_cells[0].reason, "its checksum is wrong");
  EXPECT_FALSE(report->is_complete());

  const auto found = ReadAll(output);
  ASSERT_EQ(found->num_rows(), kRows);
  ASSERT_TRUE(found->schema()->Equals(*sound->schema(), false));
  for (int column = 0; column < found->num_columns(); ++column) {
    const auto& now = *found->column(column)->chunk(0);
    const auto& before = *sound->column(column)->chunk(0);
    const bool is_damaged = found->field(column)->name() == "lifespan";
    for (int64_t row = 0; row < kRows; ++row) {
      if (is_damaged && row >= 1300 && row < 1400) {
        EXPECT_TRUE(now.IsNull(row)) << row;
      } else {
        EXPECT_TRUE(now.RangeEquals(before, row, row + 1, row)) << column << " " << row;
      }
    }
  }
}

TEST(RecoverFile, LeavesOutRowsWithoutAPath) {
  const std::string input = WriteFile("recover_path.parquet", *MixedTable(kRows));
  const std::string output = WriteBytes("recovered_path.parquet", "old");
  std::string bytes = ReadBytes(input);
  const auto page = PageOf(input, 0, LeafOf(input, "path"), 0);
  bytes[static_cast<size_t>(page.offset + page.compressed_page_size - 20)] ^= 4;
  WriteBytes("recover_path.parquet", bytes);
  auto report = RecoverFile(input, output, {});
  ASSERT_TRUE(report.ok()) << report.status();
  ASSERT_EQ(report->lost_rows.size(), 1u);
  EXPECT_EQ(report->lost_rows[0].first_row, 0);
  EXPECT_EQ(report->lost_rows[0].count, 100);
  EXPECT_EQ(ReadAll(output)->num_rows(), kRows - 100);

  RecoverOptions options;
  options.keep_pathless = true;
  report = RecoverFile(input, output, options);
  ASSERT_TRUE(report.ok()) << report.status();
  const auto kept = ReadAll(output);
  EXPECT_EQ(kept->num_rows(), kRows);
  EXPECT_EQ(kept->GetColumnByName("path")->null_count(), 100);
}

TEST(RecoverFile, RefusesToOverwriteItsInput) {
  const std::string input = WriteFile("recover_same.parquet", *MixedTable(10));
  const std::string bytes = ReadBytes(input);
  EXPECT_TRUE(RecoverFile(input, input, {}).status().IsInvalid());
  EXPECT_EQ(ReadBytes(input), bytes);
}

TEST(RecoverFile, RandomDamageNeverCrashes) {
  const std::string input = WriteFile("recover_random.parquet", *MixedTable(400));
  const std::string output = WriteBytes("recovered_random.parquet", "old");
  const std::string sound = ReadBytes(input);
  std::mt19937 random(7);
  int recovered = 0;
  for (int round = 0; round < 200; ++round) {
    std::string bytes = sound;
    for (unsigned i = 0; i < 1 + random() % 20; ++i) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    WriteBytes("recover_random.parquet", bytes);
    const auto report = RecoverFile(input, output, {});
    if (!report.ok()) continue;
    ++recovered;
    EXPECT_EQ(ReadAll(output)->num_rows(), report->rows_written);
  }
  EXPECT_GT(recovered, 20);
}

}  // namespace
}  // namespace usdparquet
