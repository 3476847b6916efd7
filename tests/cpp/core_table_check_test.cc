// What is checked before a table is written: paths, columns, cells, times.

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "core/check/cell_check.h"
#include "core/check/table_check.h"
#include "core/index/path_index_builder.h"
#include "core/schema/column_convert.h"
#include "core/schema/path_problem.h"
#include "core/schema/type_table.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

TEST(TableCheck, PathsAreGoodWhereTheIndexTakesThem) {
  const IdentifierTest unicode_test = [](std::string_view name) { return name == "ö"; };
  const std::vector<std::string> pieces = {"/", "/", "a", "B_1",  "2", ".",  "..", " ",
                                           "{", "ö", "ü", "\xff", "_", "[]", ":",  "//"};
  std::mt19937 random(17);
  int num_good = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string path;
    for (size_t k = random() % 5; k > 0; --k) {
      if (random() % 8 > 0) path += "/";
      path += random() % 2 > 0 ? "a" : pieces[random() % pieces.size()];
    }
    PathScan scan(RootPathHash(0), unicode_test);
    const bool is_good = scan.Add(0, path) != 0;
    EXPECT_EQ(PathProblem(path, unicode_test).empty(), is_good) << path;
    num_good += is_good;
  }
  EXPECT_GT(num_good, 1000);
}

std::shared_ptr<arrow::Array> FloatLists(const std::vector<std::vector<float>>& lists,
                                         const std::vector<bool>& is_valid) {
  auto values = std::make_shared<arrow::FloatBuilder>();
  arrow::ListBuilder builder(arrow::default_memory_pool(), values);
  for (size_t i = 0; i < lists.size(); ++i) {
    EXPECT_TRUE((is_valid[i] ? builder.Append() : builder.AppendNull()).ok());
    if (is_valid[i]) {
      EXPECT_TRUE(values->AppendValues(lists[i]).ok());
    }
  }
  return builder.Finish().ValueOrDie();
}

TEST(TableCheck, ListsBecomeTuplesAcrossChunks) {
  const auto first = FloatLists({{1, 2, 3}, {}}, {true, false});
  const auto second = FloatLists({{4, 5, 6}, {7, 8}}, {true, true});
  const auto shape = *ShapeOfSdfType("color3d");
  const auto good = std::make_shared<arrow::ChunkedArray>(
      arrow::ArrayVector{first, second->Slice(0, 1)}, first->type());
  const auto converted = ConvertColumn("c", good, shape, "color3d").ValueOrDie();
  ASSERT_EQ(converted->type()->ToString(), "fixed_size_list<element: double>[3]");
  EXPECT_TRUE(converted->GetScalar(1).ValueOrDie()->is_valid == false);
  const auto last = converted->GetScalar(2).ValueOrDie();
  const auto& list = static_cast<const arrow::BaseListScalar&>(*last);
  EXPECT_EQ(static_cast<const arrow::DoubleArray&>(*list.value).Value(2), 6.0);

  const auto bad = std::make_shared<arrow::ChunkedArray>(arrow::ArrayVector{first, second});
  EXPECT_EQ(ConvertColumn("c", bad, shape, "color3d").status().message(),
            "column 'c', row 3: a list of 2, but color3d needs 3");
}

TEST(TableCheck, TheFirstCellThatDoesNotFitIsFound) {
  const auto shape = *ShapeOfSdfType("int");
  for (int64_t wrong : {0, 1, 500, 998, 999}) {
    std::vector<double> values(1000, 3);
    values[static_cast<size_t>(wrong)] = 2.5;
    values[999] = 3e10;
    const auto column = std::make_shared<arrow::ChunkedArray>(Doubles(values));
    const std::string message = ConvertColumn("c", column, shape, "int").status().message();
    EXPECT_TRUE(message.starts_with("column 'c', row " + std::to_string(wrong) + ": ")) << message;
  }
}

TEST(TableCheck, HiddenNullsAreNoNulls) {
  // A null tuple, below which Arrow keeps nulls that nobody sees.
  auto values = std::make_shared<arrow::DoubleBuilder>();
  arrow::FixedSizeListBuilder builder(arrow::default_memory_pool(), values, 2);
  ASSERT_TRUE(builder.Append().ok());
  ASSERT_TRUE(values->AppendValues({1, 2}).ok());
  ASSERT_TRUE(builder.AppendNull().ok());
  auto array = builder.Finish().ValueOrDie();
  EXPECT_FALSE(FindBadCell(arrow::ChunkedArray(array)));

  ASSERT_TRUE(builder.Append().ok());
  ASSERT_TRUE(values->Append(1).ok());
  ASSERT_TRUE(values->AppendNull().ok());
  const auto bad = FindBadCell(arrow::ChunkedArray({array, builder.Finish().ValueOrDie()}));
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->row, 2);
}

TEST(TableCheck, AMixedTableIsGoodAndItsFirstBadRowIsTold) {
  TableCheck check;
  const auto table = MixedTable(2000);
  const auto checked = CheckTable(table, check);
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_TRUE(checked->table->Equals(*table));
  EXPECT_EQ(checked->schema_json, "");

  const auto twice = arrow::ConcatenateTables({table, table->Slice(7, 3)}).ValueOrDie();
  EXPECT_EQ(CheckTable(twice, check).status().message(),
            "column 'path', row 2000: '" + MixedPath(7) +
                "' is the path of row 7 already; a prim has one row (and 2 more such rows)");
  check.time_column = "lifespan";  // is the same in both rows
  EXPECT_EQ(CheckTable(twice, check).status().message(),
            "column 'lifespan', row 2000: '" + MixedPath(7) +
                "' has this time in row 7 already; a prim has one row a time");
  check.is_strict = false;
  EXPECT_TRUE(CheckTable(twice, check).ok());
}

}  // namespace
}  // namespace usdparquet
