#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/page_index.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/pages/page_header.h"
#include "core/write/aligned_file.h"
#include "core/write/level_padding.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using parquet::ArrowWriterProperties;
using parquet::WriterProperties;

struct Written {
  std::shared_ptr<arrow::Buffer> bytes;
  std::shared_ptr<parquet::FileMetaData> metadata;
};

template <typename Open>
Written Write(const arrow::Table& table, Open open) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  auto writer = open(sink);
  EXPECT_TRUE(writer->AddKeyValueMetadata(arrow::key_value_metadata({"a"}, {"b"})).ok());
  constexpr int64_t kRows = 700;
  for (int64_t row = 0; row < std::max<int64_t>(table.num_rows(), 1); row += kRows) {
    EXPECT_TRUE(writer->NewRowGroup().ok());
    const auto rows = table.Slice(row, kRows);
    for (const auto& column : rows->columns()) EXPECT_TRUE(writer->WriteColumnChunk(column).ok());
  }
  EXPECT_TRUE(writer->AddKeyValueMetadata(arrow::key_value_metadata({"c"}, {"d"})).ok());
  EXPECT_TRUE(writer->Close().ok());
  return {sink->Finish().ValueOrDie(), writer->metadata()};
}

Written WriteAligned(const std::shared_ptr<arrow::Table>& table,
                     const std::shared_ptr<WriterProperties>& properties,
                     const std::shared_ptr<ArrowWriterProperties>& arrow_properties =
                         parquet::default_arrow_writer_properties()) {
  return Write(*table, [&](const auto& sink) {
    return OpenAlignedFile(table->schema(), sink, properties, arrow_properties).ValueOrDie();
  });
}

Written WriteWithArrow(const std::shared_ptr<arrow::Table>& table,
                       const std::shared_ptr<WriterProperties>& properties,
                       const std::shared_ptr<ArrowWriterProperties>& arrow_properties =
                           parquet::default_arrow_writer_properties()) {
  return Write(*table, [&](const auto& sink) {
    return parquet::arrow::FileWriter::Open(*table->schema(), arrow::default_memory_pool(), sink,
                                            properties, arrow_properties)
        .ValueOrDie();
  });
}

WriterProperties::Builder Properties() {
  WriterProperties::Builder builder;
  builder.enable_write_page_index()
      ->enable_page_checksum()
      ->disable_dictionary()
      ->max_rows_per_page(50)
      ->write_batch_size(10)
      ->compression(parquet::Compression::UNCOMPRESSED);
  return builder;
}

/// Fixed sizes of lists come back with it.
std::shared_ptr<ArrowWriterProperties> StoredSchema() {
  return ArrowWriterProperties::Builder().store_schema()->build();
}

/// Arrays of `length` numbers in each of `rows` rows, but for every 9th, which is null, and every
/// 11th, which is empty.
template <typename Builder>
std::shared_ptr<arrow::Array> Lists(const std::shared_ptr<Builder>& numbers, int64_t rows,
                                    int length) {
  arrow::ListBuilder lists(arrow::default_memory_pool(), numbers);
  for (int64_t row = 0; row < rows; ++row) {
    if (row % 9 == 8) {
      EXPECT_TRUE(lists.AppendNull().ok());
      continue;
    }
    EXPECT_TRUE(lists.Append().ok());
    for (int i = 0; row % 11 != 10 && i < length; ++i) {
      EXPECT_TRUE(numbers->Append(static_cast<typename Builder::value_type>(row * 7 + i)).ok());
    }
  }
  return lists.Finish().ValueOrDie();
}

/// Columns of lists of each width, of tuples in lists, and others between them.
std::shared_ptr<arrow::Table> TableOfLists(int64_t rows, int length) {
  const auto tuples = [&] {
    const auto numbers = std::make_shared<arrow::FloatBuilder>();
    const auto points =
        std::make_shared<arrow::FixedSizeListBuilder>(arrow::default_memory_pool(), numbers, 3);
    arrow::ListBuilder lists(arrow::default_memory_pool(), points);
    for (int64_t row = 0; row < rows; ++row) {
      EXPECT_TRUE(lists.Append().ok());
      for (int i = 0; i < length; ++i) {
        EXPECT_TRUE(points->Append().ok());
        for (int k = 0; k < 3; ++k) EXPECT_TRUE(numbers->Append(float(row + i * k)).ok());
      }
    }
    return lists.Finish().ValueOrDie();
  };
  std::vector<std::string> names;
  std::vector<double> costs;
  for (int64_t row = 0; row < rows; ++row) {
    names.push_back(std::string(static_cast<size_t>(row % 17), 'x'));
    costs.push_back(static_cast<double>(row) / 3);
  }
  const std::vector<std::shared_ptr<arrow::Array>> columns = {
      Lists(std::make_shared<arrow::DoubleBuilder>(), rows, length),
      usdparquet_test::Strings(names),
      Lists(std::make_shared<arrow::Int64Builder>(), rows, length),
      Lists(std::make_shared<arrow::FloatBuilder>(), rows, length),
      usdparquet_test::Doubles(costs),
      Lists(std::make_shared<arrow::Int32Builder>(), rows, length),
      tuples()};
  arrow::FieldVector fields;
  for (size_t i = 0; i < columns.size(); ++i) {
    fields.push_back(arrow::field("c" + std::to_string(i), columns[i]->type()));
  }
  return arrow::Table::Make(arrow::schema(fields), columns);
}

std::shared_ptr<arrow::Table> Read(const Written& written) {
  auto reader = parquet::arrow::OpenFile(std::make_shared<arrow::io::BufferReader>(written.bytes),
                                         arrow::default_memory_pool())
                    .ValueOrDie();
  std::shared_ptr<arrow::Table> table;
  EXPECT_TRUE(reader->ReadTable(&table).ok());
  return table;
}

/// Of the pages of column `leaf`, how many there are, and how many have values at a multiple of
/// `alignment`.
std::pair<int, int> CountAligned(const Written& written, int leaf, size_t alignment) {
  const auto reader =
      parquet::ParquetFileReader::Open(std::make_shared<arrow::io::BufferReader>(written.bytes));
  int pages = 0, aligned = 0;
  for (int g = 0; g < written.metadata->num_row_groups(); ++g) {
    const auto index = reader->GetPageIndexReader()->RowGroup(g)->GetOffsetIndex(leaf);
    for (const auto& place : index->page_locations()) {
      const std::span<const uint8_t> bytes(written.bytes->data() + place.offset,
                                           static_cast<size_t>(place.compressed_page_size));
      const auto header = ReadPageHeader(bytes);
      EXPECT_TRUE(header.ok()) << header.status();
      const auto size = static_cast<size_t>(header->header_size);
      const auto values = ValuesBegin(bytes.subspan(size));
      EXPECT_TRUE(values);
      ++pages;
      aligned += (static_cast<size_t>(place.offset) + size + *values) % alignment == 0;
    }
  }
  return {pages, aligned};
}

TEST(AlignedFile, NumbersOfListsLieAtMultiplesOfTheirSize) {
  const auto table = TableOfLists(2'000, 300);
  const Written written = WriteAligned(table, Properties().build(), StoredSchema());
  for (const auto& [leaf, size] : {std::pair{0, 8}, {2, 8}, {3, 4}, {5, 4}, {6, 4}}) {
    const auto [pages, aligned] = CountAligned(written, leaf, static_cast<size_t>(size));
    EXPECT_GE(pages, 40);
    EXPECT_EQ(aligned, pages) << leaf;
  }
  EXPECT_TRUE(Read(written)->Equals(*table));
  // Arrow's own are where they happen to be.
  const Written other = WriteWithArrow(table, Properties().build(), StoredSchema());
  EXPECT_LT(CountAligned(other, 0, 8).second, CountAligned(other, 0, 8).first / 2);
  EXPECT_LT(written.bytes->size() - other.bytes->size(), 20 * 5 * 41);
}

TEST(AlignedFile, ShortAndMissingListsComeBack) {
  for (const int length : {0, 1, 2, 9, 40}) {
    for (const int64_t rows : {0, 1, 7, 1'000}) {
      const auto table = TableOfLists(rows, length);
      const Written written = WriteAligned(table, Properties().build(), StoredSchema());
      EXPECT_TRUE(Read(written)->Equals(*table)) << rows << " x " << length;
    }
  }
}

// What it does not pad is written as Arrow's own writer does, to the byte.
TEST(AlignedFile, OtherFilesAreThoseOfArrow) {
  const auto mixed = usdparquet_test::MixedTable(3'000);
  const auto lists = TableOfLists(1'500, 20);
  const auto compare = [](const auto& table, const auto& properties, const auto& arrow_properties) {
    const Written ours = WriteAligned(table, properties, arrow_properties);
    const Written theirs = WriteWithArrow(table, properties, arrow_properties);
    EXPECT_TRUE(ours.bytes->Equals(*theirs.bytes));
    EXPECT_EQ(ours.metadata->num_rows(), table->num_rows());
    EXPECT_EQ(ours.metadata->key_value_metadata()->Get("c").ValueOrDie(), "d");
  };
  for (const auto& arrow_properties :
       {parquet::default_arrow_writer_properties(), StoredSchema()}) {
    compare(mixed->SelectColumns({0, 1, 2, 3, 4, 5}).ValueOrDie(), Properties().build(),
            arrow_properties);
    for (const auto codec : {parquet::Compression::ZSTD, parquet::Compression::LZ4}) {
      compare(lists, Properties().compression(codec)->build(), arrow_properties);
    }
    compare(lists,
            Properties().enable_dictionary()->compression(parquet::Compression::SNAPPY)->build(),
            arrow_properties);
    compare(lists, Properties().data_page_version(parquet::ParquetDataPageVersion::V2)->build(),
            arrow_properties);
    compare(lists, Properties().disable_write_page_index()->build(), arrow_properties);
    compare(lists,
            Properties()
                .compression(parquet::Compression::ZSTD)
                ->compression_level(9)
                ->disable_page_checksum()
                ->build(),
            arrow_properties);
  }
}

TEST(AlignedFile, ColumnsOfDifferentLengthAreRefused) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto schema =
      arrow::schema({arrow::field("a", arrow::float64()), arrow::field("b", arrow::float64())});
  auto writer = OpenAlignedFile(schema, sink, Properties().build()).ValueOrDie();
  ASSERT_TRUE(writer->NewRowGroup().ok());
  ASSERT_TRUE(writer->WriteColumnChunk(*usdparquet_test::Doubles({1, 2})).ok());
  ASSERT_TRUE(writer->WriteColumnChunk(*usdparquet_test::Doubles({1, 2, 3})).ok());
  const auto closed = writer->Close();
  EXPECT_NE(closed.message().find("column 1 has 3 rows, others 2"), std::string::npos) << closed;
}

}  // namespace
}  // namespace usdparquet
