#include <arrow/io/file.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>
#include <parquet/file_reader.h>

#include <cmath>
#include <random>

#include "core/schema/schema.h"
#include "core/schema/schema_entry.h"
#include "core/sections/residual_blob.h"
#include "core/table/table.h"
#include "core/write/table_file_writer.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using usdparquet_test::Doubles;
using usdparquet_test::Strings;
using usdparquet_test::WriteFile;

SchemaEntry FullEntry() {
  SchemaEntry entry;
  entry.path_column = "prim";
  entry.time_column = "frame";
  entry.is_exact = true;
  entry.layer = {{"defaultPrim", {"token", std::string("A")}},
                 {"metersPerUnit", {"double", 0.1}},
                 {"quote \" \\ \n ü", {"string", std::string("\" \\ \n ü \x01")}}};
  ColumnEntry size;
  size.property = "geo:size";
  size.type = "float3";
  size.is_uniform = size.is_custom = true;
  size.null = NullMeaning::kNoProperty;
  size.metadata = {{"hidden", {"bool", true}},
                   {"smallest", {"int", int64_t{INT32_MIN}}},
                   {"largest", {"int64", int64_t{INT64_MAX}}},
                   {"half", {"float", 0.5}},
                   {"file", {"asset", std::string("a.png")}},
                   {"names", {"token[]", std::vector<std::string>{"", "b"}}},
                   {"none", {"string[]", std::vector<std::string>{}}}};
  ColumnEntry kind;
  kind.role = ColumnRole::kPrimMetadata;
  kind.field = "kind";
  ColumnEntry targets;
  targets.role = ColumnRole::kRelationship;
  entry.columns = {{"size", size}, {"kind", kind}, {"targets", targets}};
  return entry;
}

TEST(SchemaEntry, ComesBack) {
  const SchemaEntry entry = FullEntry();
  const auto parsed = ParseSchemaEntry(SerializeSchemaEntry(entry));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, entry);
  const auto empty = ParseSchemaEntry(SerializeSchemaEntry({}));
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_EQ(*empty, SchemaEntry());
}

TEST(SchemaEntry, EveryDoubleComesBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const uint64_t bits = random();
    double number;
    std::memcpy(&number, &bits, sizeof(number));
    if (!std::isfinite(number)) continue;
    SchemaEntry entry;
    entry.layer = {{"x", {"double", number}}};
    const auto parsed = ParseSchemaEntry(SerializeSchemaEntry(entry));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(std::get<double>(parsed->layer[0].second.value), number);
  }
}

TEST(SchemaEntry, ANewerMinorVersionIsRead) {
  const auto parsed =
      ParseSchemaEntry(R"({"version": "1.7", "new": {}, "columns": {"x": {"new": 1}}})");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->columns.size(), 1u);
}

TEST(SchemaEntry, ANewerMajorVersionIsRefused) {
  const auto parsed = ParseSchemaEntry(R"({"version": "2.0"})");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.status().message(),
            "the footer's 'usdparquet:schema' is of version '2.0', which a newer usdparquet wrote; "
            "this one reads version 1: upgrade it");
}

TEST(SchemaEntry, AnyDamageIsAnErrorOrAnotherEntry) {
  const std::string good = SerializeSchemaEntry(FullEntry());
  std::mt19937 random(7);
  int refused = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string text = good;
    for (unsigned n = 0, flips = 1 + random() % 4; n < flips; ++n) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1 + random() % 20);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 20));
      }
      if (text.empty()) text = "{";
    }
    const auto parsed = ParseSchemaEntry(text);
    if (parsed.ok()) continue;
    ++refused;
    EXPECT_NE(parsed.status().message().find("usdparquet:schema"), std::string::npos);
    EXPECT_LT(parsed.status().message().size(), 2000u);
  }
  EXPECT_GT(refused, 1000);
}

/// A file with the two columns path and x, and a residual of those bytes.
std::string FileWithResidual(const std::string& name, const std::string& residual) {
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("path", arrow::utf8()), arrow::field("x", arrow::float64())}),
      {Strings({"/a", "/b"}), Doubles({1, 2})});
  const std::string path = WriteFile(name, *table);  // for its folder
  auto writer = TableFileWriter::Open(path, *table, {});
  EXPECT_TRUE(writer.ok()) << writer.status();
  EXPECT_TRUE((*writer)->WriteGroup(*table).ok());
  TableFileWriter::Ending ending;
  ending.residual = residual;
  EXPECT_TRUE((*writer)->Finish(ending).ok());
  return path;
}

arrow::Result<std::optional<ResidualBlob>> Find(const std::string& path,
                                                const std::string& locator) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  const auto reader = parquet::ParquetFileReader::Open(file);
  const auto entries = arrow::key_value_metadata({kResidualKey}, {locator});
  const auto metadata = parquet::FileMetaDataBuilder::Make(reader->metadata()->schema(),
                                                           parquet::default_writer_properties())
                            ->Finish(entries);
  return FindResidual(*file, *metadata);
}

TEST(Residual, IsWhereTheFooterSays) {
  const std::string bytes(1000, 'r');
  const std::string path = FileWithResidual("residual.parquet", bytes);
  const auto file = *arrow::io::ReadableFile::Open(path);
  const auto blob = FindResidual(*file, *parquet::ParquetFileReader::Open(file)->metadata());
  ASSERT_TRUE(blob.ok()) << blob.status();
  ASSERT_TRUE(blob->has_value());
  EXPECT_EQ((*blob)->length, 1000);
  EXPECT_EQ((*file->ReadAt((*blob)->offset, 1000))->ToString(), bytes);
}

TEST(Residual, AnyOtherLocatorIsAnError) {
  const std::string path = FileWithResidual("residual.parquet", std::string(1000, 'r'));
  const auto metadata = parquet::ParquetFileReader::OpenFile(path)->metadata();
  const std::string good = *metadata->key_value_metadata()->Get(kResidualKey);
  ASSERT_TRUE(Find(path, good).ok());
  std::mt19937_64 random(11);
  for (int i = 0; i < 3000; ++i) {
    std::string locator = good;
    if (i % 2 == 0) {
      // A number more or less, in any place.
      const size_t at = random() % locator.size();
      locator[at] = static_cast<char>("0123456789-=. x"[random() % 15]);
      if (i % 4 == 0) locator.resize(random() % locator.size());
    } else {
      locator = "version=1.0 format=usdc offset=" + std::to_string(static_cast<int64_t>(random())) +
                " length=" + std::to_string(static_cast<int64_t>(random() >> (random() % 64))) +
                " checksum=" + std::to_string(random());
    }
    const auto blob = Find(path, locator);
    if (!blob.ok()) continue;
    // Only what means the same is read: a leading zero, another minor version.
    ASSERT_TRUE(blob->has_value());
    EXPECT_EQ((*blob)->length, 1000) << locator;
  }
}

}  // namespace
}  // namespace usdparquet
