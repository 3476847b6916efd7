#include "row_portions.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "test_files.h"

namespace usdparquet_test {

std::vector<TablePtr> RandomPortions(int64_t rows, std::mt19937* chance) {
  const TablePtr all = MixedTable(rows);
  std::vector<TablePtr> portions;
  for (int64_t row = 0; row < rows;) {
    const int64_t count = std::min<int64_t>(rows - row, 1 + (*chance)() % 90);
    TablePtr portion = all->Slice(row, count);
    std::vector<std::string> kinds;
    for (int64_t i = 0; i < count; ++i) kinds.push_back("kind " + std::to_string((*chance)() % 9));
    const auto coded = arrow::compute::DictionaryEncode(Strings(kinds)).ValueOrDie().make_array();
    portion = portion
                  ->AddColumn(1, arrow::field("kind", coded->type()),
                              std::make_shared<arrow::ChunkedArray>(coded))
                  .ValueOrDie();
    portions.push_back(std::move(portion));
    row += count;
  }
  return portions;
}

TablePtr Plain(const TablePtr& table) {
  const int at = table->schema()->GetFieldIndex("kind");
  if (at < 0) return table;
  const auto plain =
      arrow::compute::Cast(table->column(at), arrow::utf8()).ValueOrDie().chunked_array();
  return table->SetColumn(at, arrow::field("kind", arrow::utf8()), plain).ValueOrDie();
}

TablePtr Joined(const std::vector<TablePtr>& portions) {
  std::vector<TablePtr> plain;
  for (const TablePtr& portion : portions) plain.push_back(Plain(portion));
  return arrow::ConcatenateTables(plain).ValueOrDie();
}

TablePtr Taken(const TablePtr& table, const std::vector<uint32_t>& rows) {
  arrow::UInt32Builder builder;
  EXPECT_TRUE(builder.AppendValues(rows).ok());
  const auto indices = builder.Finish().ValueOrDie();
  return arrow::compute::Take(arrow::Datum(table), arrow::Datum(indices)).ValueOrDie().table();
}

void ExpectSame(const TablePtr& found, const TablePtr& expected) {
  EXPECT_TRUE(found->CombineChunks().ValueOrDie()->Equals(*expected->CombineChunks().ValueOrDie()))
      << found->ToString() << expected->ToString();
}

}  // namespace usdparquet_test
