// Texts that are read where a page stores them.

#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "core/table/table.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using usdparquet_test::Layout;

constexpr uint32_t kRows = 700;

/// The text of an element; none where it is null.
std::optional<std::string> TextOf(uint32_t number, bool has_nulls) {
  if (has_nulls && number % 6 == 2) return std::nullopt;
  const std::string name = std::to_string(number);
  switch (number % 5) {
    case 0:
      return "";
    case 1:
      return name;
    case 2:
      return std::string(1000 + number, static_cast<char>('a' + number % 26)) + name;
    case 3:
      return "Größe \U0001f4cf " + name + std::string(70, 'x') + "é";
    default:
      return std::string("\0 and more, ", 12) + name;
  }
}

/// Whether a cell is made something that is no UTF-8.
bool IsBad(uint32_t row, bool has_nulls) { return has_nulls && row % 97 == 5; }

std::shared_ptr<arrow::Table> TextTable(bool has_nulls, bool is_array) {
  arrow::StringBuilder paths;
  const auto texts = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), texts);
  for (uint32_t row = 0; row < kRows; ++row) {
    EXPECT_TRUE(paths.Append("/P_" + std::to_string(row)).ok());
    const auto text = TextOf(row, has_nulls);
    if (is_array) EXPECT_TRUE((text ? lists.Append() : lists.AppendNull()).ok());
    if (!text) {
      if (!is_array) EXPECT_TRUE(texts->AppendNull().ok());
      continue;
    }
    for (uint32_t i = 0; i < (is_array ? row % 4 : 1); ++i) {
      const auto element = TextOf(row + i, false);
      EXPECT_TRUE(texts->Append(IsBad(row, has_nulls) ? "\xff" + *element : *element).ok());
    }
  }
  const auto values = is_array ? lists.Finish().ValueOrDie() : texts->Finish().ValueOrDie();
  return arrow::Table::Make(
      arrow::schema({arrow::field("path", arrow::utf8()), arrow::field("text", values->type())}),
      {paths.Finish().ValueOrDie(), values});
}

std::shared_ptr<Table> Open(const std::string& path, bool is_mapped, TableOptions options) {
  std::shared_ptr<arrow::io::RandomAccessFile> file =
      arrow::io::ReadableFile::Open(path).ValueOrDie();
  if (is_mapped) {
    const auto whole =
        arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ).ValueOrDie();
    const auto size = whole->GetSize().ValueOrDie();
    file = std::make_shared<arrow::io::BufferReader>(whole->ReadAt(0, size).ValueOrDie());
  }
  return Table::Open(file, "texts.parquet", std::move(options)).ValueOrDie();
}

void ExpectTexts(const std::string& path, bool is_mapped, bool has_nulls, bool is_array,
                 bool are_stored) {
  PageCache cache(1 << 20);
  size_t reports = 0;
  TableOptions options;
  options.cache = &cache;
  options.report = [&reports](bool is_error, const std::string& message) {
    EXPECT_FALSE(is_error) << message;
    ++reports;
  };
  {
    const auto table = Open(path, is_mapped, options);
    bool is_stored = false;
    for (uint32_t row = 0; row < kRows; ++row) {
      EpochGuard guard;
      const Page* const page = table->Fetch(0, row, guard);
      is_stored = is_stored || page->strings.stored ||
                  (page->dictionary && page->dictionary->strings.stored);
      const uint32_t at = row - page->first_row;
      const auto text = TextOf(row, has_nulls);
      const bool is_bad = text && IsBad(row, has_nulls) && (!is_array || row % 4 > 0);
      ASSERT_EQ(page->IsPresent(at), text && !is_bad) << row;
      if (!page->IsPresent(at)) continue;
      const uint32_t begin = is_array ? page->offsets[at] : at;
      if (is_array) {
        ASSERT_EQ(page->offsets[at + 1] - begin, row % 4);
      }
      for (uint32_t i = 0; i < (is_array ? row % 4 : 1); ++i) {
        ASSERT_EQ(page->String(begin + i), *TextOf(row + i, false)) << row;
      }
    }
    EXPECT_EQ(is_stored, are_stored);
    EXPECT_EQ(reports, has_nulls ? 1u : 0u);
    EXPECT_GT(cache.Stats().bytes_resident, 0u);
  }
  EXPECT_EQ(cache.Stats().bytes_resident, 0u);
}

TEST(StoredTexts, OfEveryEncodingAreRead) {
  constexpr parquet::Encoding::type kEncodings[] = {
      parquet::Encoding::PLAIN, parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY,
      parquet::Encoding::DELTA_BYTE_ARRAY, parquet::Encoding::RLE_DICTIONARY};
  for (const bool has_nulls : {false, true}) {
    for (const bool is_array : {false, true}) {
      const auto table = TextTable(has_nulls, is_array);
      for (const auto encoding : kEncodings) {
        const bool has_dictionary = encoding == parquet::Encoding::RLE_DICTIONARY;
        for (const auto codec : {parquet::Compression::UNCOMPRESSED, parquet::Compression::ZSTD}) {
          const bool is_version_2 = has_nulls != is_array;
          const Layout layout{.has_dictionary = has_dictionary,
                              .page_version = is_version_2 ? parquet::ParquetDataPageVersion::V2
                                                           : parquet::ParquetDataPageVersion::V1,
                              .codec = codec,
                              .encoding = has_dictionary ? parquet::Encoding::UNDEFINED : encoding};
          const std::string path = usdparquet_test::WriteFile("texts.parquet", *table, layout);
          for (const bool is_mapped : {false, true}) {
            SCOPED_TRACE(testing::Message() << encoding << " " << codec << " " << has_nulls << " "
                                            << is_array << " " << is_mapped);
            const bool are_stored = encoding != parquet::Encoding::DELTA_BYTE_ARRAY &&
                                    (is_mapped || codec == parquet::Compression::ZSTD);
            ExpectTexts(path, is_mapped, has_nulls, is_array, are_stored);
            if (testing::Test::HasFatalFailure()) return;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace usdparquet
