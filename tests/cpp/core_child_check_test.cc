// Names of children, as an index in the file lists them and as the rows have them.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/pages/page_cache.h"
#include "core/table/table.h"
#include "core/util/path_hash.h"
#include "core/write/table_writer.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

bool AllowsUmlauts(std::string_view name) { return name.find("\u20ac") == std::string_view::npos; }

/// Names of all lengths, with characters beyond ASCII, of prims without a row, repeated ones, and
/// rows without a path.
std::vector<std::string> ManyPaths() {
  std::vector<std::string> paths;
  for (int i = 0; i < 700; ++i) paths.push_back("/W/a" + std::to_string(i));
  for (size_t i = 0; i < 300; ++i) {
    paths.push_back("/W/" + std::string(1 + i % 40, 'n') + "_" + std::to_string(i));
  }
  for (int i = 0; i < 50; ++i) paths.push_back("/W/Gr\u00f6\u00dfe_" + std::to_string(i));
  for (int i = 0; i < 40; ++i) {
    const std::string inner = "/W/inner_prim_" + std::to_string(i);
    if (i % 2) paths.push_back(inner);
    for (int k = 0; k < 3; ++k) paths.push_back(inner + "/leaf" + std::to_string(k));
  }
  for (const char* path :
       {"/W/a5", "/W/a699", "no path", "/W/5a", "/W/\u20ac", "/W//x", "", "/V"}) {
    paths.emplace_back(path);
  }
  return paths;
}

struct Opened {
  explicit Opened(const std::string& path, PageCache* cache = nullptr, bool in_memory = false) {
    TableOptions options;
    options.unicode_test = AllowsUmlauts;
    options.cache = cache;
    options.ignore_embedded_index = in_memory;
    options.report = [this](bool, const std::string& message) { reports.push_back(message); };
    table = Table::Open(arrow::io::ReadableFile::Open(path).ValueOrDie(), "test.parquet",
                        std::move(options))
                .ValueOrDie();
  }
  std::vector<std::string> reports;
  std::shared_ptr<Table> table;
};

std::string WriteMany(const std::string& name) {
  const std::vector<std::string> paths = ManyPaths();
  std::vector<double> values(paths.size(), 1.5);
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("path", arrow::utf8()), arrow::field("h", arrow::float64())}),
      {Strings(paths), Doubles(values)});
  const std::string path = WriteBytes(name, "");
  WriteOptions options;
  options.unicode_test = AllowsUmlauts;
  options.rows_per_page = 100;
  EXPECT_TRUE(WriteTable(*table, path, options).ok());
  return path;
}

PrimId Find(const Table& table, const std::vector<std::string>& names) {
  uint64_t hash = table.paths().root_hash();
  for (const std::string& name : names) hash = ChildPathHash(hash, name);
  return table.paths().Find(hash);
}

std::vector<std::string> NamesOf(Table& table, PrimId prim) {
  return table.Ask([&] {
    std::vector<std::string> names;
    table.VisitChildNames(prim, [&](std::string_view name) {
      EXPECT_EQ(name.data()[name.size()], '\0');
      names.emplace_back(name);
    });
    return names;
  });
}

/// The same by the paths of the rows alone.
std::vector<std::string> NamesBelow(Table& table, const std::string& prefix) {
  std::vector<std::string> names;
  for (uint32_t row = 0; row < table.num_rows(); ++row) {
    const std::string path = table.PathAt(row).value_or("");
    if (!path.starts_with(prefix)) continue;
    const std::string name =
        path.substr(prefix.size(), path.find('/', prefix.size()) - prefix.size());
    if (!IsIdentifier(name, AllowsUmlauts)) continue;
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

TEST(ChildCheck, NamesAreThoseOfTheRowsInTheirOrder) {
  const std::string path = WriteMany("child_names.parquet");
  for (const bool in_memory : {false, true}) {
    Opened opened(path, nullptr, in_memory);
    Table& table = *opened.table;
    EXPECT_EQ(table.paths().is_embedded(), !in_memory);
    for (int time = 0; time < 2; ++time) {  // the second time no block needs to be verified
      const std::vector<std::string> names = NamesOf(table, Find(table, {"W"}));
      EXPECT_EQ(names.size(), 700u + 300u + 50u + 40u);
      EXPECT_EQ(names, NamesBelow(table, "/W/"));
      EXPECT_EQ(NamesOf(table, PathIndex::root()), (std::vector<std::string>{"W", "V"}));
      EXPECT_EQ(NamesOf(table, Find(table, {"W", "inner_prim_7"})),
                (std::vector<std::string>{"leaf0", "leaf1", "leaf2"}));
      EXPECT_EQ(NamesOf(table, Find(table, {"W", "a5"})), std::vector<std::string>());
      EXPECT_EQ(NamesOf(table, Find(table, {"W", "5a"})), std::vector<std::string>());
    }
    EXPECT_TRUE(opened.reports.empty()) << opened.reports.front();
    EXPECT_EQ(table.index_version(), 0u);
  }
}

TEST(ChildCheck, WhoIsToldANameMayReadOtherPages) {
  const std::string path = WriteMany("child_names_nested.parquet");
  PageCache cache(0);  // so that each page goes when the next one comes
  {
    Opened opened(path, &cache);
    Table& table = *opened.table;
    const std::vector<std::string> expected = NamesBelow(table, "/W/");
    std::vector<std::string> names;
    table.VisitChildNames(Find(table, {"W"}), [&](std::string_view name) {
      const auto row = static_cast<uint32_t>(names.size() * 37 % table.num_rows());
      EXPECT_TRUE(table.PathAt(row).has_value());
      names.emplace_back(name);
    });
    EXPECT_EQ(names, expected);
  }
}

}  // namespace
}  // namespace usdparquet
