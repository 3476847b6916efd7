// Where the residual lies, as the footer's entry says it.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>
#include <parquet/file_reader.h>

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "core/sections/residual_blob.h"
#include "core/util/limits.h"
#include "core/write/table_file_writer.h"
#include "status_assertions.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

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

TEST(ResidualBlob, IsWhereTheFooterSays) {
  const std::string bytes(1000, 'r');
  const std::string path = FileWithResidual("residual.parquet", bytes);
  const auto file = *arrow::io::ReadableFile::Open(path);
  const auto blob = FindResidual(*file, *parquet::ParquetFileReader::Open(file)->metadata());
  ASSERT_TRUE(blob.ok()) << blob.status();
  ASSERT_TRUE(blob->has_value());
  EXPECT_EQ((*blob)->length, 1000);
  EXPECT_EQ((*file->ReadAt((*blob)->offset, 1000))->ToString(), bytes);
}

TEST(ResidualBlob, AnyOtherLocatorIsAnError) {
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

TEST(ResidualBlob, APackedOneIsSmall) {
  for (const bool is_beyond : {false, true}) {
    const std::string bytes(static_cast<size_t>(kMaxPackedResidual) + is_beyond, 'r');
    const std::string path = FileWithResidual("packed.parquet", bytes);
    const auto file = *arrow::io::ReadableFile::Open(path);
    const auto blob = FindResidual(*file, *parquet::ParquetFileReader::Open(file)->metadata());
    if (is_beyond) {
      EXPECT_TRUE(IsRefused(blob.status(), "has 65537 bytes, more than 65536"));
      continue;
    }
    ASSERT_TRUE(blob.ok()) << blob.status();
    EXPECT_TRUE((*blob)->is_packed);
    EXPECT_EQ((*blob)->bytes->ToString(), bytes);
  }
}

}  // namespace
}  // namespace usdparquet
