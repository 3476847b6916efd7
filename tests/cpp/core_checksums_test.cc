// The seal of the footer, the page locations with the checksums of page headers, and VerifyChunk.

#include <arrow/api.h>
#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_reader.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/pages/page_locations.h"
#include "core/pages/verify_chunk.h"
#include "core/schema/footer.h"
#include "core/sections/footer_seal.h"
#include "core/sections/section.h"
#include "core/sections/section_locator.h"
#include "core/table/file_storage.h"
#include "core/table/read_columns.h"
#include "core/table/table.h"
#include "core/write/file_patch.h"
#include "core/write/table_writer.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

constexpr int64_t kRows = 60;
constexpr size_t kHeaderSize = 192;  // of a section

/// A small file of three row groups, of three pages each.
std::string WriteSmall(const std::string& name) {
  const std::string path = WriteBytes(name, "");
  WriteOptions options;
  options.rows_per_page = 8;
  options.rows_per_group = 24;
  const auto written = WriteTable(*MixedTable(kRows), path, options);
  EXPECT_TRUE(written.ok()) << written.status();
  return path;
}

std::shared_ptr<arrow::io::RandomAccessFile> FileOf(const std::string& bytes) {
  return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
}

arrow::Status Verify(const Table& file, int leaf, int row_group,
                     ChunkCheck check = ChunkCheck::kChecksums) {
  return VerifyChunks(file.Pages(), std::span(&leaf, 1), std::span(&row_group, 1), check);
}

FooterBytes FooterOf(const std::string& bytes) { return ReadFooter(*FileOf(bytes)).ValueOrDie(); }

SectionLocator LocationsOf(const std::string& bytes) {
  const FooterBytes footer = FooterOf(bytes);
  return *SectionLocator::Parse(std::string(*FindFooterEntry(footer.span(), kPagesKey)));
}

/// A table, and what was reported of it: errors begin with "E ".
struct Opened {
  std::shared_ptr<std::vector<std::string>> reports = std::make_shared<std::vector<std::string>>();
  arrow::Result<std::shared_ptr<Table>> table;

  explicit Opened(const std::string& bytes) {
    TableOptions options;
    options.report = [reports = reports](bool is_error, const std::string& message) {
      reports->push_back((is_error ? "E " : "W ") + message);
    };
    table = Table::Open(FileOf(bytes), "small.parquet", std::move(options));
  }
  Table& operator*() { return **table; }
};

/// The lifespans of all rows; nothing where there is no value.
std::vector<std::optional<int32_t>> Lifespans(Table& table) {
  size_t column = 0;
  while (table.columns()[column].column_name != "lifespan") ++column;
  std::vector<std::optional<int32_t>> values;
  for (uint32_t row = 0; row < table.num_rows(); ++row) {
    EpochGuard guard;
    const Page* page = table.Fetch(column, row, guard);
    const uint32_t i = row - page->first_row;
    values.push_back(page->IsPresent(i) ? std::optional(page->As<int32_t>()[i]) : std::nullopt);
  }
  return values;
}

std::vector<std::optional<int32_t>> RightLifespans() {
  std::vector<std::optional<int32_t>> values;
  for (int64_t row = 0; row < kRows; ++row) values.emplace_back(MixedLifespan(row));
  return values;
}

TEST(Checksums, EveryFlippedByteOfAFooterIsRefusedOrChangesNoValue) {
  const std::string good = ReadBytes(WriteSmall("sealed.parquet"));
  const auto wanted = ReadColumns(FileOf(good), "good", {})->table;
  const FooterBytes footer = FooterOf(good);
  ASSERT_EQ(*CheckFooterSeal(footer.offset, footer.span()), true);
  const auto seal = *FindFooterEntry(footer.span(), kSealKey);
  const auto seal_begin = static_cast<size_t>(
      footer.offset + (reinterpret_cast<const uint8_t*>(seal.data()) - footer.bytes->data()));
  int refused = 0, ignored = 0;
  for (size_t at = static_cast<size_t>(footer.offset); at < good.size(); ++at) {
    for (const int mask : {1 << at % 8, 0xff}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ mask);
      if (!Opened(bad).table.ok()) {
        ++refused;
        continue;
      }
      ++ignored;
      EXPECT_TRUE(at >= seal_begin && at < seal_begin + seal.size()) << at << " ^ " << mask;
      const auto read = ReadColumns(FileOf(bad), "bad", {});
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_TRUE(read->table->Equals(*wanted)) << at << " ^ " << mask;
    }
  }
  EXPECT_GT(refused, 40 * ignored);
}

TEST(Checksums, ASealIsOfItsOwnPlaceAndVersionOnly) {
  const std::string good = ReadBytes(WriteSmall("seal_place.parquet"));
  const FooterBytes footer = FooterOf(good);
  EXPECT_EQ(*CheckFooterSeal(footer.offset + 1, footer.span()), false);
  std::vector<uint8_t> bytes(footer.span().begin(), footer.span().end());
  const auto seal = *FindFooterEntry(footer.span(), kSealKey);
  uint8_t* const text =
      bytes.data() + (reinterpret_cast<const uint8_t*>(seal.data()) - footer.bytes->data());
  text[std::strlen("version=")] = '2';
  EXPECT_EQ(*CheckFooterSeal(footer.offset, bytes), false);
  text[std::strlen("version=")] = 'x';
  const auto unreadable = CheckFooterSeal(footer.offset, bytes);
  EXPECT_NE(unreadable.status().message().find("the footer is damaged"), std::string::npos);
}

TEST(Checksums, EveryFlippedByteOfAPageHeaderIsFound) {
  const std::string good = ReadBytes(WriteSmall("headers.parquet"));
  const SectionLocator place = LocationsOf(good);
  const auto at_chunk = static_cast<size_t>(place.offset) + kHeaderSize;
  Opened sound(good);
  ASSERT_TRUE(sound.table.ok()) << sound.table.status();
  const parquet::FileMetaData& metadata = (*sound).metadata();
  const int leaves = metadata.num_columns(), groups = metadata.num_row_groups();
  ASSERT_EQ(groups, 3);
  int flips = 0;
  for (int c = 0; c < groups * leaves; ++c) {
    ListedChunk chunk;
    std::memcpy(&chunk, &good[at_chunk + sizeof(chunk) * static_cast<size_t>(c)], sizeof(chunk));
    ASSERT_GE(chunk.num_pages, 2u);
    for (uint32_t p = chunk.first_page; p < chunk.first_page + chunk.num_pages; ++p) {
      ListedPage page;
      std::memcpy(
          &page,
          &good[at_chunk + sizeof(chunk) * static_cast<size_t>(groups * leaves) + sizeof(page) * p],
          sizeof(page));
      for (uint32_t i = 0; i < page.header_size; ++i, ++flips) {
        std::string bad = good;
        char& byte = bad[static_cast<size_t>(page.offset) + i];
        byte = static_cast<char>(byte ^ (1 << i % 8));
        Opened damaged(bad);
        ASSERT_TRUE(damaged.table.ok()) << damaged.table.status();
        const auto status = Verify(*damaged, c % leaves, c / leaves);
        const std::string where = "row group " + std::to_string(c / leaves) + ", from row " +
                                  std::to_string(24 * (c / leaves) + page.first_row) + ": ";
        EXPECT_NE(status.message().find(where), std::string::npos) << status;
      }
    }
  }
  EXPECT_GT(flips, 1000);
}

TEST(Checksums, AFlippedHeaderCostsItsPageAlone) {
  const std::string good = ReadBytes(WriteSmall("header.parquet"));
  Opened sound(good);
  const int leaf = (*sound).metadata().schema()->ColumnIndex("lifespan");
  const auto chunk = (*sound).metadata().RowGroup(1)->ColumnChunk(leaf);
  std::string bad = good;
  bad[static_cast<size_t>(chunk->data_page_offset()) + 8] ^= 1;
  Opened damaged(bad);
  const auto values = Lifespans(*damaged), right = RightLifespans();
  for (size_t row = 0; row < values.size(); ++row) {
    EXPECT_EQ(values[row], row >= 24 && row < 32 ? std::nullopt : right[row]) << row;
  }
  ASSERT_EQ(damaged.reports->size(), 1u);
  EXPECT_NE((*damaged.reports)[0].find("header"), std::string::npos) << (*damaged.reports)[0];
}

TEST(Checksums, OtherSoftwareCarriesTheEntriesAlong) {
  const std::string path = WriteSmall("carried.parquet");
  auto reader = *parquet::arrow::OpenFile(FileOf(ReadBytes(path)), arrow::default_memory_pool());
  std::shared_ptr<arrow::Table> table;
  ASSERT_TRUE(reader->ReadTable().Value(&table).ok());
  const auto entries = reader->parquet_reader()->metadata()->key_value_metadata();
  auto metadata = arrow::KeyValueMetadata::Make({}, {});
  for (const char* key : {kSealKey, kPagesKey}) metadata->Append(key, *entries->Get(key));
  auto sink = *arrow::io::BufferOutputStream::Create();
  ASSERT_TRUE(parquet::arrow::WriteTable(
                  *table->ReplaceSchemaMetadata(metadata), arrow::default_memory_pool(), sink,
                  parquet::DEFAULT_MAX_ROW_GROUP_LENGTH, parquet::default_writer_properties(),
                  parquet::ArrowWriterProperties::Builder().store_schema()->build())
                  .ok());
  const std::string rewritten = (*sink->Finish())->ToString();
  ASSERT_TRUE(FindFooterEntry(FooterOf(rewritten).span(), kSealKey));
  Opened opened(rewritten);
  ASSERT_TRUE(opened.table.ok()) << opened.table.status();
  EXPECT_EQ(Lifespans(*opened), RightLifespans());
  EXPECT_TRUE((*opened).warnings().empty()) << (*opened).warnings()[0];
  EXPECT_TRUE(opened.reports->empty());
  const auto storage = ReadFileStorage(FileOf(rewritten));
  EXPECT_FALSE(storage->is_sealed);
  EXPECT_FALSE(storage->has_page_locations);
}

TEST(Checksums, APatchedFileHasPageLocationsOfItsOwn) {
  const std::string path = WriteSmall("patched.parquet");
  std::vector<uintmax_t> sizes;
  for (int32_t i = 0; i < 4; ++i) {
    const auto table = *Table::Open(FileOf(ReadBytes(path)), path);
    size_t column = 0;
    while (table->columns()[column].column_name != "lifespan") ++column;
    arrow::Int32Builder cells;
    ASSERT_TRUE(cells.Append(-i).ok());
    const auto done = PatchFile(*table, {{column, {30}, *cells.Finish()}}, path, {});
    ASSERT_TRUE(done.ok()) << done.status();
    ASSERT_TRUE(*done);
    sizes.push_back(std::filesystem::file_size(path));
  }
  EXPECT_LT(sizes[3] - sizes[2], static_cast<uintmax_t>(LocationsOf(ReadBytes(path)).length));
  const std::string patched = ReadBytes(path);
  const auto storage = ReadFileStorage(FileOf(patched));
  ASSERT_TRUE(storage.ok()) << storage.status();
  EXPECT_TRUE(storage->is_sealed);
  EXPECT_TRUE(storage->has_page_locations);
  Opened opened(patched);
  ASSERT_TRUE(opened.table.ok()) << opened.table.status();
  auto right = RightLifespans();
  right[30] = -3;
  EXPECT_EQ(Lifespans(*opened), right);
  const parquet::FileMetaData& metadata = (*opened).metadata();
  for (int g = 0; g < metadata.num_row_groups(); ++g) {
    for (int leaf = 0; leaf < metadata.num_columns(); ++leaf) {
      const auto status = Verify(*opened, leaf, g);
      EXPECT_TRUE(status.ok()) << status;
    }
  }
  EXPECT_TRUE(opened.reports->empty());
}

TEST(Checksums, ADamagedBlockOfPageLocationsIsToldOnceAndLosesNothing) {
  const std::string good = ReadBytes(WriteSmall("block.parquet"));
  const SectionLocator place = LocationsOf(good);
  for (const int64_t at :
       {int64_t{4}, int64_t{190}, int64_t{200}, place.length / 2, place.length - 2}) {
    std::string bad = good;
    bad[static_cast<size_t>(place.offset + at)] ^= 2;
    Opened opened(bad);
    ASSERT_TRUE(opened.table.ok()) << opened.table.status();
    EXPECT_EQ(Lifespans(*opened), RightLifespans()) << at;
    const auto& warnings = (*opened).warnings();
    if (at > 8) {
      ASSERT_EQ(warnings.size() + opened.reports->size(), 1u) << at;
    }
    for (const std::string& report : *opened.reports) EXPECT_EQ(report.substr(0, 2), "W ");
  }
}

/// The file with other page locations, and right checksums wherever there are any.
std::string WithLocations(std::string bytes, const std::function<void(ListedChunk*)>& edit_chunk,
                          const std::function<void(ListedPage*)>& edit_page) {
  const SectionLocator place = LocationsOf(bytes);
  const auto metadata = parquet::ReadMetaData(FileOf(bytes));
  const int leaf = metadata->schema()->ColumnIndex("lifespan");
  std::vector<ListedChunk> chunks(
      static_cast<size_t>(metadata->num_row_groups() * metadata->num_columns()));
  const size_t begin = static_cast<size_t>(place.offset) + kHeaderSize;
  std::memcpy(chunks.data(), &bytes[begin], chunks.size() * sizeof(ListedChunk));
  std::vector<ListedPage> pages(chunks.back().first_page + chunks.back().num_pages);
  std::memcpy(pages.data(), &bytes[begin + chunks.size() * sizeof(ListedChunk)],
              pages.size() * sizeof(ListedPage));
  ListedChunk& chunk = chunks[static_cast<size_t>(leaf)];
  edit_page(&pages[chunk.first_page + 1]);
  edit_chunk(&chunk);
  const std::string section = PageLocations::Serialize(chunks, pages, *metadata, 0);
  EXPECT_EQ(static_cast<int64_t>(section.size()), place.length);
  bytes.replace(static_cast<size_t>(place.offset), section.size(), section);
  const FooterBytes footer = FooterOf(bytes);
  std::vector<uint8_t> thrift(footer.span().begin(), footer.span().end());
  const auto entry = *FindFooterEntry(thrift, kPagesKey);
  const auto locator = SectionLocator::Parse(SectionEntry(place.offset, section));
  const std::string text = FixedWidthLocator(place.offset, section.size(), locator->checksum);
  std::memcpy(const_cast<char*>(entry.data()), text.data(), text.size());
  EXPECT_TRUE(SealFooter(footer.offset, thrift).ok());
  return bytes.replace(static_cast<size_t>(footer.offset), thrift.size(),
                       reinterpret_cast<const char*>(thrift.data()), thrift.size());
}

TEST(Checksums, PageLocationsThatLieAreIgnored) {
  const std::string good = ReadBytes(WriteSmall("lies.parquet"));
  const auto no_page = [](ListedPage*) {};
  const auto no_chunk = [](ListedChunk*) {};
  const auto read = [](const std::string& bytes) {
    Opened opened(bytes);
    EXPECT_TRUE(opened.table.ok()) << opened.table.status();
    EXPECT_EQ(Lifespans(*opened), RightLifespans());
    return *opened.reports;
  };
  EXPECT_EQ(read(WithLocations(good, no_chunk, no_page)).size(), 0u);
  const std::vector<std::function<void(ListedPage*)>> page_lies = {
      [](ListedPage* page) { page->offset = 3; },
      [](ListedPage* page) { page->offset = -1; },
      [](ListedPage* page) { page->offset = std::numeric_limits<int64_t>::max(); },
      [](ListedPage* page) { page->offset = std::numeric_limits<int64_t>::min(); },
      [](ListedPage* page) { page->offset -= 1; },
      [](ListedPage* page) { page->size = std::numeric_limits<uint32_t>::max(); },
      [](ListedPage* page) { page->size = 0; },
      [](ListedPage* page) { page->first_row = 0; },
      [](ListedPage* page) { page->first_row = 24; },
      [](ListedPage* page) { page->first_row = std::numeric_limits<uint32_t>::max(); },
      [](ListedPage* page) { page->header_size = 0; },
      [](ListedPage* page) { page->header_size = page->size + 1; },
  };
  for (size_t i = 0; i < page_lies.size(); ++i) {
    const auto reports = read(WithLocations(good, no_chunk, page_lies[i]));
    ASSERT_EQ(reports.size(), 1u) << i;
    EXPECT_EQ(reports[0].substr(0, 2), "W ") << i;
  }
  const std::vector<std::function<void(ListedChunk*)>> chunk_lies = {
      [](ListedChunk* chunk) { chunk->begin += 1; },
      [](ListedChunk* chunk) { chunk->size = -1; },
      [](ListedChunk* chunk) { chunk->first_page = std::numeric_limits<uint32_t>::max(); },
      [](ListedChunk* chunk) { chunk->first_page += 1; },
      [](ListedChunk* chunk) { chunk->num_pages = 0; },
      [](ListedChunk* chunk) { chunk->num_pages += 1; },
      [](ListedChunk* chunk) { chunk->num_pages = std::numeric_limits<uint32_t>::max(); },
  };
  for (const auto& lie : chunk_lies) {
    EXPECT_LE(read(WithLocations(good, lie, no_page)).size(), 1u);
  }
}

TEST(Checksums, PageLocationsThatCouldBeTrueAreRefused) {
  const std::string good = ReadBytes(WriteSmall("likely_lies.parquet"));
  const auto no_chunk = [](ListedChunk*) {};
  const std::vector<std::function<void(ListedPage*)>> lies = {
      [](ListedPage* page) { page->header_checksum ^= 1; },
      [](ListedPage* page) { page->header_size -= 1; },
      [](ListedPage* page) { page->first_row += 1; },
      [](ListedPage* page) { page->size -= 1; },
  };
  const auto right = RightLifespans();
  for (const auto& lie : lies) {
    Opened opened(WithLocations(good, no_chunk, lie));
    ASSERT_TRUE(opened.table.ok()) << opened.table.status();
    const auto values = Lifespans(*opened);
    for (size_t row = 0; row < values.size(); ++row) {
      EXPECT_TRUE(!values[row] || values[row] == right[row]) << row;
    }
    ASSERT_EQ(opened.reports->size(), 1u);
    EXPECT_EQ((*opened.reports)[0].substr(0, 2), "E ");
  }
}

TEST(Checksums, PagesWithoutOneAreDecoded) {
  const std::string good = ReadBytes(WriteFile("plain.parquet", *MixedTable(300)));
  Opened sound(good);
  ASSERT_TRUE(sound.table.ok()) << sound.table.status();
  const parquet::FileMetaData& metadata = (*sound).metadata();
  for (int leaf = 0; leaf < metadata.num_columns(); ++leaf) {
    const auto status = Verify(*sound, leaf, 0);
    EXPECT_TRUE(status.ok()) << status;
  }
  for (const ColumnInfo& column : (*sound).columns()) {
    const auto status = Verify(*sound, column.leaf, 0, ChunkCheck::kValues);
    EXPECT_TRUE(status.ok()) << status;
    // In the compressed data of the last page.
    const auto chunk = metadata.RowGroup(0)->ColumnChunk(column.leaf);
    std::string bad = good;
    const int64_t begin =
        chunk->has_dictionary_page() ? chunk->dictionary_page_offset() : chunk->data_page_offset();
    bad[static_cast<size_t>(begin + chunk->total_compressed_size()) - 1] ^= 0x55;
    bad[static_cast<size_t>(begin + chunk->total_compressed_size()) - 3] ^= 0x55;
    Opened damaged(bad);
    const auto with = Verify(*damaged, column.leaf, 0, ChunkCheck::kValues);
    const auto without = Verify(*damaged, column.leaf, 0);
    const std::string where = "column '" + column.column_name + "', row group 0, from row ";
    EXPECT_EQ(with.message().substr(0, where.size()), where) << with;
    EXPECT_FALSE(without.ok()) << where;
  }
}

TEST(Checksums, ADamagedBodyIsFound) {
  const std::string good = ReadBytes(WriteSmall("bodies.parquet"));
  Opened sound(good);
  const int leaf = (*sound).metadata().schema()->ColumnIndex("cost");
  const auto chunk = (*sound).metadata().RowGroup(2)->ColumnChunk(leaf);
  std::string bad = good;
  bad[static_cast<size_t>(chunk->data_page_offset() + chunk->total_compressed_size()) - 1] ^= 1;
  Opened damaged(bad);
  const auto status = Verify(*damaged, leaf, 2);
  EXPECT_NE(status.message().find(
                "column 'cost', row group 2, from row 56: a page is damaged: its checksum"),
            std::string::npos)
      << status;
}

}  // namespace
}  // namespace usdparquet
