#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>

#include "core/table/table.h"
#include "core/write/file_patch.h"
#include "test_files.h"

using usdparquet_test::MixedTable;
using usdparquet_test::WriteFile;

namespace usdparquet {
namespace {

std::shared_ptr<Table> OpenTable(const std::string& path) {
  return *Table::Open(*arrow::io::ReadableFile::Open(path), path);
}

size_t ColumnNamed(const Table& table, const std::string& name) {
  for (size_t i = 0; i < table.columns().size(); ++i) {
    if (table.columns()[i].column_name == name) return i;
  }
  ADD_FAILURE() << name;
  return 0;
}

std::shared_ptr<arrow::Array> Ints(const std::vector<std::optional<int32_t>>& values) {
  arrow::Int32Builder builder;
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return *builder.Finish();
}

int ValueAt(Table& table, size_t column, uint32_t row) {
  EpochGuard guard;
  const Page* page = table.Fetch(column, row, guard);
  const uint32_t i = row - page->first_row;
  return page->IsPresent(i) ? page->As<int32_t>()[i] : -1;
}

TEST(FilePatch, ReplacesCellsAndNothingElse) {
  const std::string path = WriteFile("patch.parquet", *MixedTable(100));
  const auto table = OpenTable(path);
  const size_t column = ColumnNamed(*table, "lifespan");
  const auto done = PatchFile(*table, {{column, {3, 99}, Ints({-7, -8})}}, path, {});
  ASSERT_TRUE(done.ok()) << done.status();
  ASSERT_TRUE(*done);
  const auto patched = OpenTable(path);
  EXPECT_EQ(ValueAt(*patched, column, 3), -7);
  EXPECT_EQ(ValueAt(*patched, column, 99), -8);
  for (const uint32_t row : {0u, 2u, 4u, 50u, 98u}) {
    EXPECT_EQ(ValueAt(*patched, column, row), ValueAt(*table, column, row)) << row;
  }
  EXPECT_EQ(patched->metadata().num_rows(), 100);
}

TEST(FilePatch, GivesUpWhereTheStoredTypeCannotHoldAValue) {
  const std::string path = WriteFile("patch_type.parquet", *MixedTable(10));
  const auto table = OpenTable(path);
  arrow::StringBuilder text;
  ASSERT_TRUE(text.Append("many").ok());
  const auto done =
      PatchFile(*table, {{ColumnNamed(*table, "lifespan"), {3}, *text.Finish()}}, path, {});
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_FALSE(*done);
}

}  // namespace
}  // namespace usdparquet
