// What a file may claim: each limit of core/util/limits.h, at it and one beyond it.

#include <arrow/array/util.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>
#include <parquet/column_writer.h>
#include <parquet/file_reader.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/dataset/dataset.h"
#include "core/index/path_index_builder.h"
#include "core/pages/page_header.h"
#include "core/recover/recover_file.h"
#include "core/schema/footer.h"
#include "core/schema/path_problem.h"
#include "core/schema/schema_entry.h"
#include "core/table/file_check.h"
#include "core/table/part_files.h"
#include "core/table/part_schema.h"
#include "core/table/read_columns.h"
#include "core/table/table.h"
#include "core/util/limits.h"
#include "core/write/table_writer.h"
#include "status_assertions.h"
#include "test_files.h"
#include "thrift_bytes.h"
#include "walked_pages.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

std::string Element(const std::string& name, int children) {
  return Text(4, name) + (children ? I32(1, children) : "") + kStop;
}

arrow::Status CheckBytes(const std::string& footer) {
  return CheckFooter({0, arrow::Buffer::FromString(footer)}).status();
}

arrow::Status CheckSchema(const std::vector<std::string>& elements) {
  return CheckBytes(I32(1, 2) + StructList(1, elements) + kStop);
}

// --- The footer. ---------------------------------------------------------------------------------

arrow::Status CheckDepth(size_t depth) {
  std::vector<std::string> elements{Element("root", 1)};
  for (size_t i = 0; i < depth; ++i) elements.push_back(Element("g", 1));
  elements.push_back(Element("leaf", 0));
  return CheckSchema(elements);
}

TEST(Limits, GroupsWithinGroups) {
  EXPECT_TRUE(IsRead(CheckDepth(kMaxSchemaDepth)));
  EXPECT_TRUE(IsRefused(CheckDepth(kMaxSchemaDepth + 1), "flatten it"));
  EXPECT_TRUE(IsRefused(CheckDepth(1'000'000), "flatten it"));
}

arrow::Status CheckColumns(size_t count, const std::string& group = "") {
  std::vector<std::string> elements{Element("root", group.empty() ? static_cast<int>(count) : 1)};
  if (!group.empty()) elements.push_back(Element(group, static_cast<int>(count)));
  elements.insert(elements.end(), count, Element("c", 0));
  return CheckSchema(elements);
}

TEST(Limits, Columns) {
  EXPECT_TRUE(IsRead(CheckColumns(kMaxColumns)));
  EXPECT_TRUE(IsRefused(CheckColumns(kMaxColumns + 1), "more than 100000 columns"));
}

TEST(Limits, NamesOfColumns) {
  EXPECT_TRUE(IsRead(CheckColumns(1, std::string(kMaxColumnName - 2, 'n'))));
  EXPECT_TRUE(IsRefused(CheckColumns(1, std::string(kMaxColumnName - 1, 'n')), "shorten it"));
  // Together: a group's name counts for each column below.
  const std::string group(1022, 'n');  // and a separator and the column's own letter
  EXPECT_TRUE(IsRead(CheckColumns(kMaxColumnNames / 1024, group)));
  EXPECT_TRUE(IsRefused(CheckColumns(kMaxColumnNames / 1024 + 1, group), "together"));
}

TEST(Limits, RowGroups) {
  const auto check = [](size_t count) {
    return CheckBytes(StructList(4, std::vector<std::string>(count, kStop)) + kStop);
  };
  EXPECT_TRUE(IsRead(check(kMaxRowGroups)));
  EXPECT_TRUE(IsRefused(check(kMaxRowGroups + 1), "larger ones"));
}

TEST(Limits, StructsWithinStructs) {
  const auto check = [](int depth) {
    std::string bytes;  // the footer itself is the outermost
    for (int i = 1; i < depth; ++i) bytes += Field(1, 12, "");
    return CheckBytes(bytes + std::string(static_cast<size_t>(depth), '\0'));
  };
  EXPECT_TRUE(IsRead(check(kMaxThriftDepth)));
  EXPECT_TRUE(IsRefused(check(kMaxThriftDepth + 1), "can't be parsed"));
  EXPECT_TRUE(IsRefused(check(1'000'000), "can't be parsed"));
}

TEST(Limits, CountsBeyondTheBytesAreDamage) {
  EXPECT_TRUE(IsRefused(CheckBytes(Field(2, 9, "\xfc" + Varint(1ull << 40))), "parsed"));
  EXPECT_TRUE(IsRefused(CheckBytes(Field(9, 8, Varint(~0ull))), "parsed"));
  EXPECT_TRUE(IsRefused(CheckSchema({Element("root", -1)}), "damaged"));
}

/// Writes a file that is nothing but a footer, whose row groups claim these numbers of rows, and so
/// many zeros before it; its name.
std::string WriteRows(const std::vector<int64_t>& groups, int64_t zeros) {
  parquet::SchemaDescriptor schema;
  schema.Init(parquet::schema::GroupNode::Make(
      "schema", parquet::Repetition::REQUIRED,
      {parquet::schema::PrimitiveNode::Make("path", parquet::Repetition::OPTIONAL,
                                            parquet::Type::BYTE_ARRAY)}));
  const auto builder =
      parquet::FileMetaDataBuilder::Make(&schema, parquet::default_writer_properties());
  for (const int64_t rows : groups) {
    auto* const group = builder->AppendRowGroup();
    group->set_num_rows(rows);
    group->NextColumnChunk()->Finish(rows, 0, 0, 4, 0, 0, false, false, {}, {});
    group->Finish(0);
  }
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  EXPECT_TRUE(sink->Write("PAR1", 4).ok());
  EXPECT_TRUE(sink->Write(std::string(static_cast<size_t>(zeros), '\0')).ok());
  parquet::WriteFileMetaData(*builder->Finish(), sink.get());
  return WriteBytes("limits_rows.parquet", sink->Finish().ValueOrDie()->ToString());
}

arrow::Result<TableFile> OpenRows(const std::vector<int64_t>& groups, int64_t zeros) {
  return OpenTableFile(WriteRows(groups, zeros));
}

TEST(Limits, Rows) {
  constexpr int64_t kEnough = kMaxRows / kMaxRowsPerByte;
  for (const std::vector<int64_t>& groups : {std::vector<int64_t>{kMaxRows}, {kMaxRows - 1, 1}}) {
    const auto file = OpenRows(groups, kEnough);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(file->num_rows(), kMaxRows);
  }
  EXPECT_TRUE(IsRefused(OpenRows({kMaxRows + 1}, kEnough).status(), "split it"));
  EXPECT_TRUE(IsRefused(OpenRows({kMaxRows, 1}, kEnough).status(), "split it"));
}

TEST(Limits, RowsOfSmallFiles) {
  EXPECT_EQ(OpenRows({kMaxSmallFileRows - 5, 5}, 0)->num_rows(), kMaxSmallFileRows);
  EXPECT_TRUE(IsRefused(OpenRows({kMaxSmallFileRows - 5, 6}, 0).status(), "smaller pages"));
  // More for each byte: where the file begins to be large enough, nothing less is.
  constexpr int64_t kRows = 3 * kMaxSmallFileRows;
  int64_t low = 0, high = kRows / kMaxRowsPerByte;
  ASSERT_TRUE(OpenRows({kRows}, high).ok());
  while (high - low > 1) {
    const int64_t middle = (low + high) / 2;
    (OpenRows({kRows}, middle).ok() ? high : low) = middle;
  }
  const auto file = OpenRows({kRows}, high);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(*file->file()->GetSize(), kRows / kMaxRowsPerByte);
  EXPECT_TRUE(IsRefused(OpenRows({kRows}, high - 1).status(), "smaller pages"));
}

TEST(Limits, RowsThatRecoverBelieves) {
  for (const int64_t rows : {kMaxSmallFileRows, kMaxSmallFileRows + 1}) {
    const auto report =
        RecoverFile(WriteRows({rows}, 0), ScratchPath("limits_recovered.parquet"), {});
    const std::string why = report.status().message();
    const bool is_beyond = rows > kMaxSmallFileRows;
    EXPECT_EQ(why.find("row groups of impossible sizes") != std::string::npos, is_beyond) << why;
  }
}

TEST(Limits, RowsThatAreWritten) {
  const auto write = [](int64_t rows) {
    const auto paths = arrow::MakeArrayFromScalar(arrow::StringScalar("/A"), rows).ValueOrDie();
    const auto schema = arrow::schema({arrow::field("path", arrow::utf8())});
    WriteOptions options;
    options.has_index = false;
    options.rows_per_page = kMaxPageRows;
    options.rows_per_group = rows;
    return WriteTable(*arrow::Table::Make(schema, {paths}), ScratchPath("limits_written.parquet"),
                      options);
  };
  ASSERT_TRUE(write(kMaxSmallFileRows).ok()) << write(kMaxSmallFileRows).status();
  const std::string before = ReadBytes(ScratchPath("limits_written.parquet"));
  EXPECT_EQ(OpenTableFile(ScratchPath("limits_written.parquet"))->num_rows(), kMaxSmallFileRows);
  const auto beyond = write(kMaxSmallFileRows + 1);
  EXPECT_TRUE(IsRefused(beyond.status(), "1048577 rows, nearly all the same"));
  EXPECT_EQ(ReadBytes(ScratchPath("limits_written.parquet")), before);
}

/// A dataset of files that claim these numbers of rows. The first one is so much larger that all
/// have `bytes` together, if that is given.
arrow::Result<TableFile> OpenRowsOfFiles(const std::vector<int64_t>& rows, int64_t bytes = 0) {
  namespace fs = std::filesystem;
  const std::string folder = ScratchPath("limits_rows_of_files.parquet");
  fs::remove_all(folder);
  fs::create_directories(folder);
  int64_t size = 0;
  for (size_t i = rows.size(); i-- > 0;) {
    const auto write = [&](int64_t zeros) {
      const std::string file = folder + "/" + std::to_string(i) + ".parquet";
      fs::rename(WriteRows({rows[i]}, zeros), file);
      return static_cast<int64_t>(fs::file_size(file));
    };
    const int64_t own = write(0);
    size += i == 0 && bytes > 0 ? write(bytes - size - own) : own;
  }
  EXPECT_EQ(size, bytes > 0 ? bytes : size);
  ARROW_ASSIGN_OR_RAISE(OpenedDataset opened, OpenDataset(folder));
  return std::move(opened.file);
}

TEST(Limits, RowsOfDatasetsOfSmallFiles) {
  constexpr int64_t kHalf = kMaxSmallFileRows / 2;
  const auto most = OpenRowsOfFiles({kHalf, 0, kHalf});
  ASSERT_TRUE(most.ok()) << most.status();
  EXPECT_EQ(most->num_rows(), kMaxSmallFileRows);
  EXPECT_TRUE(IsRefused(OpenRowsOfFiles({kHalf, kHalf, 1}).status(),
                        "the dataset claims 1048577 rows in files of"));
  // More for each byte of all files together, none of which has too many rows itself.
  const std::vector<int64_t> rows{kMaxSmallFileRows, kMaxSmallFileRows, kMaxSmallFileRows - 1, 1};
  constexpr int64_t kEnough = 3 * kMaxSmallFileRows / kMaxRowsPerByte;
  const auto file = OpenRowsOfFiles(rows, kEnough);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->num_rows(), 3 * kMaxSmallFileRows);
  EXPECT_TRUE(IsRefused(OpenRowsOfFiles(rows, kEnough - 1).status(),
                        "3145728 rows in files of 49151 bytes together, more than 3145664: write "
                        "them with smaller pages"));
}

/// The rows of all parts that a manifest lists, each with these numbers of rows and of a terabyte.
arrow::Result<int64_t> ListedRows(const std::vector<std::vector<uint32_t>>& parts) {
  ARROW_ASSIGN_OR_RAISE(const TableFile file, OpenRows({1}, 0));
  PartList list;
  list.schemas.push_back(SchemaFooter(*file.metadata()));
  for (const std::vector<uint32_t>& rows : parts) {
    list.parts.push_back({std::to_string(list.parts.size()), "", int64_t{1} << 40, 0, rows, 0, {}});
  }
  ARROW_ASSIGN_OR_RAISE(const auto files, PartFiles::Make(std::move(list)));
  return files->group_first_rows().back();
}

TEST(Limits, RowsOfDatasets) {
  constexpr auto kMost = static_cast<uint32_t>(kMaxRows);
  EXPECT_EQ(ListedRows({{kMost - 3, 1}, {}, {2}}).ValueOrDie(), kMaxRows);
  const auto status = ListedRows({{kMost - 3, 1}, {}, {2, 1}}).status();
  EXPECT_TRUE(IsRefused(status, "more than 2147483647 rows, 1 more in '2'; one layer can hold"));
}

TEST(Limits, RowGroupsOfDatasets) {
  std::vector<std::vector<uint32_t>> parts(10, std::vector<uint32_t>(kMaxRowGroups / 10, 1));
  parts.push_back({0});  // without rows it is none
  EXPECT_EQ(ListedRows(parts).ValueOrDie(), static_cast<int64_t>(kMaxRowGroups));
  parts.push_back({1});
  EXPECT_TRUE(IsRefused(ListedRows(parts).status(), "row groups, the next one in '11'"));
}

std::string Json(int depth) {
  return R"({"version": "1.0", "new": )" + std::string(static_cast<size_t>(depth) - 1, '[') +
         std::string(static_cast<size_t>(depth) - 1, ']') + "}";
}

TEST(Limits, JsonWithinJson) {
  EXPECT_TRUE(ParseSchemaEntry(Json(kMaxJsonDepth)).ok());
  EXPECT_TRUE(IsRefused(ParseSchemaEntry(Json(kMaxJsonDepth + 1)).status(), "deep in each other"));
  EXPECT_TRUE(IsRefused(ParseSchemaEntry(Json(1'000'000)).status(), "deep in each other"));
  EXPECT_TRUE(ParseSchemaEntry(R"({"version": "1.0", "new": "[[[[[[[[[[[[[[[[[[[[\"[["})").ok());
}

TEST(Limits, SizeOfTheJson) {
  std::string text = R"({"version": "1.0", "new": ")";
  text.append(kMaxSchemaEntry - text.size() - 2, 'x');
  text += "\"}";
  ASSERT_EQ(text.size(), kMaxSchemaEntry);
  EXPECT_TRUE(ParseSchemaEntry(text).ok());
  EXPECT_TRUE(IsRefused(ParseSchemaEntry(text + " ").status(), "fewer columns"));
}

TEST(Limits, FieldsOfTheLayer) {
  SchemaEntry entry;
  for (size_t i = 0; i < kMaxMetadataFields; ++i) {
    entry.layer.emplace_back("f" + std::to_string(i), MetadataValue{"int64", int64_t{1}});
  }
  const auto parsed = ParseSchemaEntry(SerializeSchemaEntry(entry));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(*parsed, entry);
  entry.layer.emplace_back("one", MetadataValue{"int64", int64_t{1}});
  EXPECT_TRUE(IsRefused(ParseSchemaEntry(SerializeSchemaEntry(entry)).status(), "4097 fields"));
}

TEST(Limits, FieldsOfAProperty) {
  SchemaEntry entry;
  MetadataFields& fields = entry.columns["x"].metadata;
  for (size_t i = 0; i < kMaxMetadataFields; ++i) {
    fields.emplace_back("f" + std::to_string(i), MetadataValue{"int64", int64_t{1}});
  }
  const auto parsed = ParseSchemaEntry(SerializeSchemaEntry(entry));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, entry);
  fields.emplace_back("one", MetadataValue{"int64", int64_t{1}});
  EXPECT_TRUE(IsRefused(ParseSchemaEntry(SerializeSchemaEntry(entry)).status(), "4097 fields"));
}

TEST(Limits, AHundredThousandColumnsOfJsonComeBack) {
  SchemaEntry entry;
  for (int i = 0; i < 100'000; ++i) entry.columns["c" + std::to_string(i)].is_custom = i % 2 == 0;
  const auto parsed = ParseSchemaEntry(SerializeSchemaEntry(entry));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(*parsed, entry);
}

// --- Prim paths. ---------------------------------------------------------------------------------

std::string PathOfDepth(size_t depth) {
  std::string path;
  for (size_t i = 0; i < depth; ++i) path += "/a";
  return path;
}

bool IsIndexed(const std::string& path) {
  PathScan scan(RootPathHash(0), {});
  return scan.Add(0, path) != 0;
}

TEST(Limits, PathDepth) {
  EXPECT_TRUE(IsIndexed(PathOfDepth(kMaxPathDepth)));
  EXPECT_EQ(PathProblem(PathOfDepth(kMaxPathDepth), {}), "");
  EXPECT_FALSE(IsIndexed(PathOfDepth(kMaxPathDepth + 1)));
  EXPECT_EQ(PathProblem(PathOfDepth(kMaxPathDepth + 1), {}),
            "it is 1001 prims deep, and a layer reads paths of 1000");
}

TEST(Limits, PathLength) {
  const std::string longest = "/" + std::string(kMaxPathLength - 1, 'a');
  EXPECT_TRUE(IsIndexed(longest));
  EXPECT_EQ(PathProblem(longest, {}), "");
  EXPECT_FALSE(IsIndexed(longest + "a"));
  EXPECT_EQ(PathProblem(longest + "a", {}), "it has 65537 bytes, and a layer reads paths of 65536");
}

// --- Pages. --------------------------------------------------------------------------------------

std::string DataPage(int64_t stored, int64_t size, int64_t values) {
  return I32(1, 0) + I32(1, size) + I32(1, stored) +
         Field(2, 12, I32(1, values) + I32(1, 0) + I32(1, 3) + I32(1, 3) + kStop) + kStop;
}

arrow::Status CheckPage(int64_t stored, int64_t size, int64_t values, bool has_lists = false) {
  const auto header = ReadPageHeader(Bytes(DataPage(stored, size, values)));
  return header.ok() ? CheckPageHeader(*header, has_lists) : header.status();
}

TEST(Limits, DecompressedSize) {
  EXPECT_TRUE(IsRead(CheckPage(10, kMaxSmallPage, 1)));
  EXPECT_TRUE(IsRefused(CheckPage(10, kMaxSmallPage + 1, 1), "smaller pages"));
  const int64_t stored = 4 << 20;
  EXPECT_TRUE(IsRead(CheckPage(stored, stored * kMaxPageExpansion, 1)));
  EXPECT_TRUE(IsRefused(CheckPage(stored, stored * kMaxPageExpansion + 1, 1), "smaller pages"));
}

TEST(Limits, ValuesOfAPage) {
  EXPECT_TRUE(IsRead(CheckPage(10, 10, kMaxPageRows)));
  EXPECT_TRUE(IsRefused(CheckPage(10, 10, kMaxPageRows + 1), "rows"));
  EXPECT_TRUE(IsRead(CheckPage(10, 10, kMaxPageValues, true)));
  EXPECT_TRUE(IsRefused(CheckPage(10, 10, kMaxPageValues + 1, true), "values"));
  const int64_t stored = 8 << 20;
  EXPECT_TRUE(IsRead(CheckPage(stored, stored, stored * kMaxValuesPerByte)));
  EXPECT_TRUE(IsRefused(CheckPage(stored, stored, stored * kMaxValuesPerByte + 1), "rows"));
}

TEST(Limits, ManyPagesTogether) {
  const std::string half = DataPage(0, 0, kMaxPageValues / 2);
  EXPECT_TRUE(IsRead(WalkPages(Bytes(half + half), true)));
  EXPECT_TRUE(IsRefused(WalkPages(Bytes(half + half + DataPage(0, 0, 1)), true), "values"));
}

TEST(Limits, PageHeader) {
  const auto read = [](size_t size) {
    std::string bytes = DataPage(10, 10, 1);
    bytes.pop_back();  // its end, before which comes a text that nobody knows
    const std::string text(size - bytes.size() - 6, 'x');
    bytes += Text(10, text) + kStop;
    EXPECT_EQ(bytes.size(), size);
    return ReadPageHeader(Bytes(bytes + std::string(1000, 'b')));
  };
  const auto largest = read(kMaxPageHeader);
  ASSERT_TRUE(largest.ok()) << largest.status();
  EXPECT_EQ(largest->header_size, kMaxPageHeader);
  EXPECT_TRUE(IsRefused(read(kMaxPageHeader + 1).status(), "a page header is damaged"));
}

/// A column of one page, whose texts repeat each other: little is stored of what it decodes to.
std::string FileOfTexts(const std::vector<std::string>& texts) {
  std::vector<std::string> paths;
  for (size_t i = 0; i < texts.size(); ++i) paths.push_back("/A" + std::to_string(i));
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("path", arrow::utf8()), arrow::field("s", arrow::utf8())}),
      {Strings(paths), Strings(texts)});
  const auto properties = parquet::WriterProperties::Builder()
                              .disable_dictionary()
                              ->encoding(parquet::Encoding::DELTA_BYTE_ARRAY)
                              ->disable_statistics()
                              ->data_pagesize(int64_t{1} << 30)
                              ->write_batch_size(1 << 20)
                              ->max_rows_per_page(1 << 20)
                              ->build();
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  EXPECT_TRUE(
      parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 1 << 20, properties)
          .ok());
  return sink->Finish().ValueOrDie()->ToString();
}

TEST(Limits, TextOfAPage) {
  std::vector<std::string> texts(kMaxPageText >> 16, std::string(1 << 16, 'x'));
  for (const bool is_beyond : {false, true}) {
    if (is_beyond) texts.back() += 'y';
    const auto bytes = arrow::Buffer::FromString(FileOfTexts(texts));
    ASSERT_LT(bytes->size(), 1 << 20);
    std::vector<std::string> errors;
    TableOptions options;
    options.report = [&](bool, const std::string& error) { errors.push_back(error); };
    const auto table = Table::Open(std::make_shared<arrow::io::BufferReader>(bytes), "t", options);
    ASSERT_TRUE(table.ok()) << table.status();
    EpochGuard guard;
    const uint32_t last = static_cast<uint32_t>(texts.size()) - 1;
    const Page* const page = (*table)->Fetch(0, last, guard);
    const auto all = ReadColumns(std::make_shared<arrow::io::BufferReader>(bytes), "t", {});
    EXPECT_EQ(all.ok(), !is_beyond) << all.status();
    EXPECT_EQ(page->IsPresent(last - page->first_row), !is_beyond);
    ASSERT_EQ(errors.size(), is_beyond ? 1u : 0u);
    if (is_beyond) {
      EXPECT_NE(errors[0].find("134217728 bytes of text"), std::string::npos) << errors[0];
      EXPECT_TRUE(
          IsRefused(all.status(), "column 's', row group 0, from row 0: the text of a page"));
    } else {
      EXPECT_EQ(page->num_rows, texts.size());
      EXPECT_EQ(page->String(last), texts.back());
    }
  }
}

TEST(Limits, TextOfPagesOfAnySize) {
  EXPECT_EQ(MaxPageText(1), kMaxPageText);
  EXPECT_EQ(MaxPageText(4 << 20), int64_t{256} << 20);
  EXPECT_EQ(MaxPageText(int64_t{1} << 40), 0xffffffff);
}

/// Writes a column of levels and values.
template <typename Writer, typename Value>
void WriteColumn(parquet::RowGroupWriter* group, const std::vector<int16_t>& levels,
                 const std::vector<Value>& values) {
  auto* const column = static_cast<Writer*>(group->NextColumn());
  column->WriteBatch(static_cast<int64_t>(levels.size()), levels.data(), nullptr, values.data());
}

/// A file with a column `v` of values of `width` bytes, of which `num_values` are not null. The
/// path of its first row is /a, all others are null.
std::string FileOfFixed(int32_t width, int64_t num_rows, int num_values = 0) {
  using parquet::schema::PrimitiveNode;
  const auto schema =
      std::static_pointer_cast<parquet::schema::GroupNode>(parquet::schema::GroupNode::Make(
          "schema", parquet::Repetition::REQUIRED,
          {PrimitiveNode::Make("path", parquet::Repetition::OPTIONAL,
                               parquet::LogicalType::String(), parquet::Type::BYTE_ARRAY),
           PrimitiveNode::Make("v", parquet::Repetition::OPTIONAL,
                               parquet::Type::FIXED_LEN_BYTE_ARRAY, parquet::ConvertedType::NONE,
                               width)}));
  const auto properties = parquet::WriterProperties::Builder()
                              .disable_dictionary()
                              ->disable_statistics()
                              ->enable_page_checksum()
                              ->build();
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  // As large as a file with so many rows has to be.
  const auto padding = arrow::key_value_metadata(
      {"padding"}, {std::string(static_cast<size_t>(num_rows / kMaxRowsPerByte), ' ')});
  const auto writer = parquet::ParquetFileWriter::Open(sink, schema, properties, padding);
  auto* const group = writer->AppendRowGroup();
  std::vector<int16_t> levels(static_cast<size_t>(num_rows), 0);
  levels[0] = 1;
  const std::string path = "/a";
  WriteColumn<parquet::ByteArrayWriter>(group, levels,
                                        std::vector{parquet::ByteArray(std::string_view(path))});
  const std::string value(num_values > 0 ? static_cast<size_t>(width) : 0, 'v');
  const parquet::FixedLenByteArray one(reinterpret_cast<const uint8_t*>(value.data()));
  std::fill_n(levels.begin(), std::max(num_values, 1), num_values > 0);
  WriteColumn<parquet::FixedLenByteArrayWriter>(group, levels,
                                                std::vector(static_cast<size_t>(num_values), one));
  writer->Close();
  return WriteBytes("limits_fixed.parquet", sink->Finish().ValueOrDie()->ToString());
}

arrow::Status CheckFixed(int32_t width, int64_t num_rows, int num_values = 0) {
  const auto file = OpenTableFile(FileOfFixed(width, num_rows, num_values));
  EXPECT_TRUE(file.ok()) << file.status();
  return VerifyColumns(*file, {{"v"}}, ChunkCheck::kValues);
}

TEST(Limits, FixedLengthValues) {
  constexpr int32_t kMebibyte = 1 << 20;
  constexpr int64_t kMost = kMaxSmallPage / kMebibyte;
  EXPECT_TRUE(IsRead(CheckFixed(kMebibyte, kMost)));
  EXPECT_TRUE(IsRefused(CheckFixed(kMebibyte, kMost + 1), "smaller row groups"));
  // Three of them are there.
  constexpr int64_t kMostOfThree = 3 * kMaxPageExpansion;
  EXPECT_TRUE(IsRead(CheckFixed(kMebibyte, kMostOfThree, 3)));
  EXPECT_TRUE(IsRefused(CheckFixed(kMebibyte, kMostOfThree + 1, 3), "smaller row groups"));
}

TEST(Limits, NarrowFixedLengthValues) {
  EXPECT_TRUE(IsRead(CheckFixed(kMaxNarrowValue, kMaxSmallPage / kMaxNarrowValue + 1)));
  constexpr int64_t kMost = kMaxSmallPage / (kMaxNarrowValue + 1);
  EXPECT_TRUE(IsRead(CheckFixed(kMaxNarrowValue + 1, kMost)));
  EXPECT_TRUE(IsRefused(CheckFixed(kMaxNarrowValue + 1, kMost + 1), "smaller row groups"));
}

TEST(Limits, LostValuesThatRecoverMakesNull) {
  for (const bool is_beyond : {false, true}) {
    const std::string file = FileOfFixed(static_cast<int32_t>(kMaxSmallPage) + is_beyond, 1);
    const auto chunk =
        parquet::ParquetFileReader::OpenFile(file)->metadata()->RowGroup(0)->ColumnChunk(1);
    std::string bytes = ReadBytes(file);
    const int64_t end = chunk->data_page_offset() + chunk->total_compressed_size();
    bytes[static_cast<size_t>(end) - 1] ^= 1;
    WriteBytes("limits_fixed.parquet", bytes);
    const auto report = RecoverFile(file, ScratchPath("limits_recovered.parquet"), {});
    if (is_beyond) {
      EXPECT_TRUE(IsRefused(report.status(), "134217729 bytes each, more than 134217728"));
      continue;
    }
    ASSERT_TRUE(report.ok()) << report.status();
    ASSERT_EQ(report->lost_cells.size(), 1u);
    EXPECT_EQ(report->lost_cells[0].column, "v");
    EXPECT_EQ(report->rows_written, 1);
  }
}

}  // namespace
}  // namespace usdparquet
