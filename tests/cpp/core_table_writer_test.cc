// Files written by WriteTable: layout, embedded index, replacement.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/file_reader.h>
#include <parquet/page_index.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "core/index/arrow_columns.h"
#include "core/index/path_index_file.h"
#include "core/schema/footer.h"
#include "core/sections/footer_seal.h"
#include "core/table/table.h"
#include "core/util/limits.h"
#include "core/write/table_writer.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

WriteOptions SmallPages(int64_t rows_per_page, int64_t rows_per_group) {
  WriteOptions options;
  options.rows_per_page = rows_per_page;
  options.rows_per_group = rows_per_group;
  return options;
}

std::shared_ptr<Table> Open(const std::string& path, TableOptions options = {}) {
  auto file = arrow::io::ReadableFile::Open(path).ValueOrDie();
  auto table = Table::Open(file, "test.parquet", std::move(options));
  EXPECT_TRUE(table.ok()) << table.status();
  return table.ok() ? *table : nullptr;
}

/// All prims of a table in the order of a traversal, each with its path and the cells of one
/// column.
void Walk(Table& table, PrimId prim, uint64_t hash, const std::string& path,
          std::vector<std::string>* out) {
  const uint32_t row = table.paths().RowOf(prim);
  std::string line = path;
  if (row != PrimId::kNone) {
    EpochGuard guard;
    const Page* page = table.Fetch(0, row, guard);
    const uint32_t i = row - page->first_row;
    line += " " + (page->IsPresent(i) ? std::to_string(page->As<double>()[i]) : "null");
  }
  out->push_back(line);
  std::vector<std::string> names;
  table.VisitChildNames(prim, [&](std::string_view name) { names.emplace_back(name); });
  for (const std::string& name : names) {
    const uint64_t child = ChildPathHash(hash, name);
    Walk(table, table.paths().Find(child), child, path + "/" + name, out);
  }
}

std::vector<std::string> WalkAll(Table& table) {
  std::vector<std::string> lines;
  Walk(table, table.paths().root(), table.paths().root_hash(), "", &lines);
  return lines;
}

std::shared_ptr<arrow::Table> PathsAndCosts(const std::vector<std::string>& paths) {
  std::vector<double> costs(paths.size());
  for (size_t i = 0; i < costs.size(); ++i) costs[i] = static_cast<double>(i) / 2;
  return arrow::Table::Make(
      arrow::schema({arrow::field("path", arrow::utf8()), arrow::field("cost", arrow::float64())}),
      {Strings(paths), Doubles(costs)});
}

TEST(TableWriter, KeepsEveryCellAndEmbedsTheIndex) {
  const auto table = MixedTable(5000);
  const std::string path = ScratchPath("written.parquet");
  const auto summary = WriteTable(*table, path, SmallPages(300, 2000));
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->rows, 5000);
  EXPECT_FALSE(summary->was_reordered);
  EXPECT_EQ(summary->bytes, static_cast<int64_t>(std::filesystem::file_size(path)));
  EXPECT_LE(summary->index_bytes, 5000 * 9 + 50 * 40 + 500);
  EXPECT_TRUE(ReadFile(path)->Equals(*table));
  const auto opened = Open(path);
  EXPECT_TRUE(opened->paths().is_embedded());
  EXPECT_LE(opened->paths().MemoryUsage(), 100u);  // a bit for each bucket that was looked at
  EXPECT_TRUE(opened->warnings().empty());
}

TEST(TableWriter, PagesAreSmallAndIndexed) {
  const std::string path = ScratchPath("layout.parquet");
  ASSERT_TRUE(WriteTable(*MixedTable(5000), path, SmallPages(300, 2000)).ok());
  const auto reader = parquet::ParquetFileReader::OpenFile(path);
  ASSERT_EQ(reader->metadata()->num_row_groups(), 3);
  const auto pages = reader->GetPageIndexReader()->RowGroup(0);
  for (int column = 0; column < reader->metadata()->num_columns(); ++column) {
    const auto offsets = pages->GetOffsetIndex(column);
    ASSERT_EQ(offsets->page_locations().size(), 7u) << column;
    EXPECT_EQ(offsets->page_locations()[1].first_row_index, 300) << column;
  }
}

TEST(TableWriter, UncompressedNumbersAreReadInPlace) {
  const std::string path = ScratchPath("in_place_numbers.parquet");
  WriteOptions options = SmallPages(300, 2000);
  options.codec = arrow::Compression::UNCOMPRESSED;
  ASSERT_TRUE(WriteTable(*MixedTable(5000), path, options).ok());
  const auto mapped =
      arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ).ValueOrDie();
  const auto size = mapped->GetSize().ValueOrDie();
  const auto bytes = mapped->ReadAt(0, size).ValueOrDie();
  const auto table =
      Table::Open(std::make_shared<arrow::io::BufferReader>(bytes), "test.parquet").ValueOrDie();
  for (size_t column = 0; column < 2; ++column) {
    const bool is_cost = table->columns()[column].column_name == "cost";
    for (uint32_t row = 0; row < 5000; ++row) {
      EpochGuard guard;
      const Page* page = table->Fetch(column, row, guard);
      const uint32_t i = row - page->first_row;
      if (is_cost) {  // has nulls, so its rows are put together
        ASSERT_EQ(page->IsPresent(i), MixedHasCost(row));
        if (page->IsPresent(i)) {
          ASSERT_EQ(page->As<double>()[i], MixedCost(row));
        }
        continue;
      }
      int32_t lifespan;
      std::memcpy(&lifespan, page->cells + i * sizeof(lifespan), sizeof(lifespan));
      ASSERT_EQ(lifespan, MixedLifespan(row));
      ASSERT_TRUE(page->owner);
      ASSERT_EQ(page->values.capacity(), 0u);
      const auto* cells = reinterpret_cast<const uint8_t*>(page->cells);
      ASSERT_TRUE(cells >= bytes->data() && cells < bytes->data() + size);
    }
  }
}

class TableWriterLayers : public testing::TestWithParam<int> {};

TEST_P(TableWriterLayers, ReadAsTheSameLayerWithOrWithoutTheIndex) {
  std::mt19937 random(GetParam());
  std::vector<std::string> paths;
  for (int i = 0, n = 1 + static_cast<int>(random() % 500); i < n; ++i) {
    std::string path;
    for (unsigned d = 0, depth = 1 + random() % 5; d < depth; ++d) {
      path += "/n" + std::to_string(random() % (2 + 3 * d));
    }
    paths.push_back(random() % 40 == 0 ? "not a path" : path);
  }
  const auto table = PathsAndCosts(paths);
  const auto plain = Open(WriteFile("random_plain.parquet", *table));
  const std::string path = ScratchPath("random_written.parquet");
  const auto summary = WriteTable(*table, path, SmallPages(30, 100));
  ASSERT_TRUE(summary.ok()) << summary.status();
  const auto indexed = Open(path);
  TableOptions options;
  options.ignore_embedded_index = true;
  const auto rebuilt = Open(path, options);
  EXPECT_TRUE(indexed->paths().is_embedded());
  EXPECT_FALSE(rebuilt->paths().is_embedded());
  EXPECT_EQ(WalkAll(*indexed), WalkAll(*plain));
  EXPECT_EQ(WalkAll(*rebuilt), WalkAll(*plain));
  EXPECT_EQ(indexed->num_rows(), plain->num_rows());
  EXPECT_EQ(indexed->warnings(), rebuilt->warnings());
  EXPECT_EQ(indexed->path_report().num_invalid, plain->path_report().num_invalid);
  EXPECT_EQ(indexed->path_report().num_duplicates, plain->path_report().num_duplicates);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TableWriterLayers, testing::Range(0, 30));

TEST(TableWriter, SubtreesAreContiguous) {
  const std::string path = ScratchPath("contiguous.parquet");
  const auto summary = WriteTable(
      *PathsAndCosts({"/a/x", "/b/x", "/a/y", "/b", "/c", "/a/x/z", "nonsense", "/b/y", "/a"}),
      path, {});
  ASSERT_TRUE(summary.ok());
  EXPECT_TRUE(summary->was_reordered);
  EXPECT_EQ(summary->num_invalid, 1u);
  const auto written = ReadFile(path)->GetColumnByName("path");
  const auto views = StringViews(*written).ValueOrDie();
  EXPECT_EQ(std::vector<std::string>(views.begin(), views.end()),
            (std::vector<std::string>{"/a", "/a/x", "/a/x/z", "/a/y", "/b", "/b/x", "/b/y", "/c",
                                      "nonsense"}));
}

/// A written file, the place of its index, and a changed copy of it.
struct Tampered {
  std::string bytes;
  size_t offset = 0, length = 0;

  Tampered() {
    const std::string path = ScratchPath("tampered.parquet");
    EXPECT_TRUE(WriteTable(*MixedTable(20000), path, {}).ok());
    bytes = ReadBytes(path);
    const auto metadata = parquet::ParquetFileReader::OpenFile(path)->metadata();
    const std::string locator = metadata->key_value_metadata()->Get(kIndexKey).ValueOrDie();
    EXPECT_EQ(std::sscanf(locator.c_str(), "version=1.0 offset=%zu length=%zu", &offset, &length),
              2);
  }
  /// Where the index's entry is in the footer.
  size_t Entry() const { return bytes.rfind(kIndexKey); }
  /// Seals the footer again, once it was changed.
  void Seal() {
    arrow::io::BufferReader file(arrow::Buffer::FromString(bytes));
    const FooterBytes footer = *ReadFooter(file);
    EXPECT_TRUE(SealFooter(footer.offset, {reinterpret_cast<uint8_t*>(bytes.data()) + footer.offset,
                                           static_cast<size_t>(footer.bytes->size())})
                    .ok());
  }
  std::shared_ptr<Table> OpenChanged(TableOptions options = {}) const {
    return Open(WriteBytes("tampered.parquet", bytes), std::move(options));
  }
};

TEST(TableWriter, AnIndexWithADamagedHeaderIsToldAndBuilt) {
  Tampered file;
  file.bytes[file.offset + 20] ^= 1;
  const auto table = file.OpenChanged();
  EXPECT_FALSE(table->paths().is_embedded());
  ASSERT_EQ(table->warnings().size(), 1u);
  EXPECT_NE(table->warnings()[0].find("header is damaged"), std::string::npos);
  EXPECT_EQ(table->paths().num_row_prims(), 20000u);
}

TEST(TableWriter, AnIndexOfANewerMinorVersionOpens) {
  Tampered file;
  // The version stands in the header, whose checksum the locator repeats.
  auto* header = reinterpret_cast<unsigned char*>(file.bytes.data() + file.offset);
  header[10] = 7;
  const uint64_t checksum = XXH3_64bits(header, 184);
  std::memcpy(header + 184, &checksum, sizeof(checksum));
  char text[32];
  std::snprintf(text, sizeof(text), "checksum=%016llx", static_cast<unsigned long long>(checksum));
  const size_t at = file.bytes.find("checksum=", file.Entry());
  file.bytes.replace(at, std::strlen(text), text);
  file.Seal();
  const auto table = file.OpenChanged();
  EXPECT_TRUE(table->paths().is_embedded());
  EXPECT_TRUE(table->warnings().empty());
}

TEST(TableWriter, AnIndexOfAnotherMajorVersionIsNotUsed) {
  Tampered file;
  file.bytes[file.bytes.find("version=1.", file.Entry()) + std::strlen("version=")] = '2';
  file.Seal();
  const auto table = file.OpenChanged();
  EXPECT_FALSE(table->paths().is_embedded());
  ASSERT_EQ(table->warnings().size(), 1u);
  EXPECT_NE(table->warnings()[0].find("its version is 2.0"), std::string::npos);
}

TEST(TableWriter, AFileThatOtherSoftwareWroteAgainNeedsNone) {
  const std::string path = ScratchPath("before.parquet");
  ASSERT_TRUE(WriteTable(*PathsAndCosts({"/a", "/b", "/c"}), path, {}).ok());
  // The key is carried along, as pyarrow does with all metadata; the rows are others.
  const auto metadata = parquet::ParquetFileReader::OpenFile(path)->metadata();
  const auto pairs = arrow::key_value_metadata(
      {kIndexKey}, {metadata->key_value_metadata()->Get(kIndexKey).ValueOrDie()});
  const auto changed = PathsAndCosts({"/x", "/y"})->ReplaceSchemaMetadata(pairs);
  const auto table = Open(WriteFile("after.parquet", *changed));
  EXPECT_FALSE(table->paths().is_embedded());
  EXPECT_TRUE(table->warnings().empty());
  EXPECT_EQ(WalkAll(*table), (std::vector<std::string>{"", "/x 0.000000", "/y 0.500000"}));
}

TEST(TableWriter, AnIndexDamagedAtRandomNeverCrashes) {
  Tampered file;
  std::mt19937 random(3);
  const std::string good = file.bytes;
  for (int n = 0; n < 200; ++n) {
    file.bytes = good;
    for (unsigned i = 0, flips = 1 + random() % 4; i < flips; ++i) {
      file.bytes[file.offset + random() % file.length] = static_cast<char>(random());
    }
    const auto table = file.OpenChanged();
    uint64_t zone = ChildPathHash(table->paths().root_hash(), "World");
    const PrimId world = table->paths().Find(zone);
    int children = 0;
    if (world) table->VisitChildNames(world, [&](std::string_view) { ++children; });
    EXPECT_LE(children, 200);
  }
}

/// A table of one prim with an array of that many zeros.
std::shared_ptr<arrow::Table> Zeros(int64_t count) {
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::Int32Builder>());
  EXPECT_TRUE(lists.Append().ok());
  auto& numbers = static_cast<arrow::Int32Builder&>(*lists.value_builder());
  EXPECT_TRUE(numbers.AppendValues(std::vector<int32_t>(count, 0)).ok());
  return arrow::Table::Make(
      arrow::schema({arrow::field("path", arrow::utf8()), arrow::field("x", lists.type())}),
      {usdparquet_test::Strings({"/A"}), *lists.Finish()});
}

TEST(TableWriter, AnArrayThatNoReaderWouldTakeIsRefused) {
  const std::string path = WriteBytes("zeros.parquet", "");
  const int64_t most = (kMaxSmallPage - (8 << 20)) / 4;  // with room for levels
  ASSERT_TRUE(WriteTable(*Zeros(most), path, {}).ok());
  const auto file = arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ);
  std::string errors;
  TableOptions options;
  options.report = [&](bool, const std::string& message) { errors += message; };
  const auto table = Table::Open(*file, path, options);
  ASSERT_TRUE(table.ok()) << table.status();
  {
    EpochGuard guard;
    const Page* page = (*table)->Fetch(0, 0, guard);
    ASSERT_EQ(errors, "");
    EXPECT_EQ(page->offsets, (std::vector<uint32_t>{0, static_cast<uint32_t>(most)}));
  }
  const auto written = WriteTable(*Zeros(most + 1), path, {});
  ASSERT_FALSE(written.ok());
  EXPECT_NE(written.status().message().find("column 'x', row 0: an array of"), std::string::npos)
      << written.status();
}

TEST(TableWriter, AFailedWriteLeavesTheOldFile) {
  const std::string path = WriteBytes("old.parquet", "the old file");
  const auto no_path =
      arrow::Table::Make(arrow::schema({arrow::field("x", arrow::float64())}), {Doubles({1})});
  const auto failed = WriteTable(*no_path, path, {});
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.status().message().find("old.parquet: the table has no column 'path'"),
            std::string::npos);
  EXPECT_EQ(ReadBytes(path), "the old file");
  const auto folder = std::filesystem::path(path).parent_path();
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_EQ(entry.path().string().find("old.parquet."), std::string::npos) << entry.path();
  }
  EXPECT_FALSE(WriteTable(*MixedTable(1), "/nonexistent/folder/x.parquet", {}).ok());
}

TEST(TableWriter, OptimizeMayReplaceItsInput) {
  const auto table = MixedTable(3000);
  const std::string path = WriteFile("in_place.parquet", *table);
  const auto summary = OptimizeFile(path, path, {});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_TRUE(ReadFile(path)->Equals(*table));
  EXPECT_TRUE(Open(path)->paths().is_embedded());
  const auto again = OptimizeFile(path, path, {});
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(ReadFile(path)->Equals(*table));
}

}  // namespace
}  // namespace usdparquet
