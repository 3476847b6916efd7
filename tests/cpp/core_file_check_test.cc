// Pages that are checked before they are copied or read in bulk.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <fstream>
#include <string>

#include "core/table/file_check.h"
#include "core/table/read_columns.h"
#include "core/write/table_writer.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

constexpr int64_t kRows = 1000;

/// A file of MixedTable without page checksums.
std::string WithoutChecksums(const std::string& name, parquet::ParquetDataPageVersion version,
                             const std::string& text_encoding) {
  parquet::WriterProperties::Builder builder;
  builder.data_page_version(version)->max_rows_per_page(100)->write_batch_size(100);
  if (text_encoding != "dictionary") {
    builder.disable_dictionary();
    const auto encoding = text_encoding == "prefix"   ? parquet::Encoding::DELTA_BYTE_ARRAY
                          : text_encoding == "length" ? parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY
                                                      : parquet::Encoding::PLAIN;
    for (const char* column : {"path", "supplier", "note"}) builder.encoding(column, encoding);
    builder.encoding("lifespan", parquet::Encoding::DELTA_BINARY_PACKED);
    builder.encoding("cost", parquet::Encoding::BYTE_STREAM_SPLIT);
    builder.encoding("is_active", parquet::Encoding::RLE);
  }
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  EXPECT_TRUE(parquet::arrow::WriteTable(
                  *MixedTable(kRows), arrow::default_memory_pool(), sink, 400, builder.build(),
                  parquet::ArrowWriterProperties::Builder().store_schema()->build())
                  .ok());
  return WriteBytes(name, sink->Finish().ValueOrDie()->ToString());
}

TEST(FileCheck, EveryEncodingIsWhole) {
  int number = 0;
  for (const auto version :
       {parquet::ParquetDataPageVersion::V1, parquet::ParquetDataPageVersion::V2}) {
    for (const char* encoding : {"dictionary", "prefix", "length", "plain"}) {
      const std::string path =
          WithoutChecksums("whole_" + std::to_string(number++) + ".parquet", version, encoding);
      const auto file = OpenTableFile(path);
      ASSERT_TRUE(file.ok()) << file.status();
      EXPECT_EQ(FindDamagedPages(*file).ValueOrDie(), std::vector<std::string>()) << encoding;
      ReadRequest request;
      const auto read =
          ReadColumns(arrow::io::ReadableFile::Open(path).ValueOrDie(), "test.parquet", request);
      ASSERT_TRUE(read.ok()) << read.status();
      const auto table = MixedTable(kRows);
      for (int i = 0; i < table->num_columns(); ++i) {
        EXPECT_TRUE(read->table->column(i)->Equals(*table->column(i))) << table->field(i)->name();
      }
    }
  }
}

TEST(FileCheck, ABitInABodyIsToldWithItsRow) {
  const std::string path = WriteFile("whole_flip.parquet", *MixedTable(kRows),
                                     {.codec = parquet::Compression::UNCOMPRESSED});
  const std::string sound = ReadBytes(path);
  // The text of row 250, in the third page of `note`.
  const size_t at = sound.find(MixedNote(250));
  ASSERT_NE(at, std::string::npos);
  std::string damaged = sound;
  damaged[at + 3] ^= 4;
  WriteBytes("whole_flip.parquet", damaged);
  const auto file = OpenTableFile(path);
  ASSERT_TRUE(file.ok()) << file.status();
  const auto found = FindDamagedPages(*file);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ((*found)[0].find("column 'note', row group 0, from row "), 0u) << (*found)[0];
  for (const auto check : {ChunkCheck::kForReader, ChunkCheck::kChecksums, ChunkCheck::kValues}) {
    const auto status = VerifyColumns(*file, std::vector<std::string>{"note"}, check);
    EXPECT_EQ(status.ok(), check == ChunkCheck::kForReader) << status;
    EXPECT_TRUE(VerifyColumns(*file, std::vector<std::string>{"cost", "size"}, check).ok());
  }
  ReadRequest request;
  const auto read =
      ReadColumns(arrow::io::ReadableFile::Open(path).ValueOrDie(), "test.parquet", request);
  ASSERT_FALSE(read.ok());
  EXPECT_TRUE(read.status().IsIOError());
  EXPECT_EQ(read.status().message().find("test.parquet: column 'note', row group 0, from row "), 0u)
      << read.status();
}

TEST(FileCheck, OffsetIndexesAreRightOrNot) {
  for (const auto version :
       {parquet::ParquetDataPageVersion::V1, parquet::ParquetDataPageVersion::V2}) {
    const std::string path =
        WriteFile("whole_index.parquet", *MixedTable(kRows), {.page_version = version});
    const auto file = OpenTableFile(path);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE(FindWrongOffsetIndexes(*file).ValueOrDie().empty());
    const auto place =
        file->metadata()->RowGroup(0)->ColumnChunk(1)->GetOffsetIndexLocation().value();
    const std::string sound = ReadBytes(path);
    int noticed = 0;
    for (int64_t i = 0; i < place.length; ++i) {
      std::string damaged = sound;
      damaged[static_cast<size_t>(place.offset + i)] ^= 2;
      const auto again = OpenTableFile(WriteBytes("whole_index_bad.parquet", damaged));
      ASSERT_TRUE(again.ok()) << again.status();
      noticed += !FindWrongOffsetIndexes(*again).ValueOrDie().empty();
    }
    EXPECT_GT(noticed, place.length / 2);
  }
}

TEST(FileCheck, SectionsAreSoundOrToldByName) {
  const std::string source = WriteFile("whole_source.parquet", *MixedTable(kRows));
  const std::string path = source + ".optimized.parquet";
  ASSERT_TRUE(OptimizeFile(source, path, {}).ok());
  const std::string sound = ReadBytes(path);
  EXPECT_TRUE(FindDamagedSections(*OpenTableFile(path)).ValueOrDie().empty());
  const size_t index = sound.find("UPQINDEX");
  ASSERT_NE(index, std::string::npos);
  // Magic, header, the first and a later byte of the body.
  for (const size_t place : {size_t{1}, size_t{50}, size_t{192}, size_t{500}}) {
    std::string damaged = sound;
    damaged[index + place] ^= 1;
    std::ofstream(path, std::ios::binary) << damaged;
    const auto found = FindDamagedSections(*OpenTableFile(path)).ValueOrDie();
    ASSERT_EQ(found.size(), 1u) << place;
    EXPECT_EQ(found[0].name, "path index");
  }
}

}  // namespace
}  // namespace usdparquet
