// Embedded indexes that are damaged, or lie with right checksums: they are built anew.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "core/index/path_index_file.h"
#include "core/index/time_index_file.h"
#include "core/sections/footer_seal.h"
#include "core/table/read_columns.h"
#include "core/table/table.h"
#include "core/table/wanted_rows.h"
#include "core/util/path_hash.h"
#include "core/write/table_writer.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

constexpr size_t kHeader = 192, kBlock = 32 * 1024;
constexpr uint32_t kFlatRows = 20000, kPrims = 6000, kTimes = 4;

template <typename T>
T Get(const std::string& bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

/// A file, and where one of its indexes lies.
struct IndexedFile {
  std::string bytes;
  size_t offset = 0, length = 0, locator = 0;

  IndexedFile(const std::string& path, const char* key) : bytes(ReadBytes(path)) {
    const auto metadata = parquet::ParquetFileReader::OpenFile(path)->metadata();
    const std::string text = metadata->key_value_metadata()->Get(key).ValueOrDie();
    EXPECT_EQ(std::sscanf(text.c_str(), "version=1.0 offset=%zu length=%zu", &offset, &length), 2);
    locator = bytes.rfind(text);
  }

  size_t num_blocks() const { return Get<uint32_t>(bytes, offset + num_blocks_at()); }
  size_t num_blocks_at() const { return bytes[offset + 3] == 'I' ? 76 : 60; }
  size_t body_size() const { return length - kHeader - 4 * num_blocks(); }

  /// Changes one number of the body, and makes all checksums right.
  void Lie(size_t at, uint32_t number) {
    std::memcpy(bytes.data() + offset + kHeader + at, &number, sizeof(number));
    const char* body = bytes.data() + offset + kHeader;
    std::string sums;
    for (size_t begin = 0; begin < body_size(); begin += kBlock) {
      const auto sum =
          static_cast<uint32_t>(XXH3_64bits(body + begin, std::min(kBlock, body_size() - begin)));
      sums.append(reinterpret_cast<const char*>(&sum), sizeof(sum));
    }
    bytes.replace(offset + kHeader + body_size(), sums.size(), sums);
    const uint64_t of_sums = XXH3_64bits(sums.data(), sums.size());
    std::memcpy(bytes.data() + offset + num_blocks_at() + 4, &of_sums, sizeof(of_sums));
    const uint64_t of_header = XXH3_64bits(bytes.data() + offset, kHeader - 8);
    std::memcpy(bytes.data() + offset + kHeader - 8, &of_header, sizeof(of_header));
    char text[32];
    std::snprintf(text, sizeof(text), "checksum=%016llx",
                  static_cast<unsigned long long>(of_header));
    bytes.replace(bytes.find("checksum=", locator), std::strlen(text), text);
    // The footer's seal is right again, too.
    const size_t length = Get<uint32_t>(bytes, bytes.size() - 8);
    const size_t footer = bytes.size() - 8 - length;
    ASSERT_TRUE(SealFooter(static_cast<int64_t>(footer),
                           {reinterpret_cast<uint8_t*>(bytes.data() + footer), length})
                    .ok());
  }
};

const IndexedFile& FlatFile() {
  static const IndexedFile file = [] {
    const std::string path = WriteBytes("damaged_flat.parquet", "");
    EXPECT_TRUE(WriteTable(*MixedTable(kFlatRows), path, {}).ok());
    return IndexedFile(path, kIndexKey);
  }();
  return file;
}

std::string LongPath(uint32_t prim) {
  return "/W/g" + std::to_string(prim / 50) + "/p" + std::to_string(prim);
}

/// The times of a prim: each has others.
double LongTime(uint32_t prim, uint32_t i) { return i * (1 + prim % 7) + prim * 0.25; }

std::string WriteLongFile() {
  std::vector<std::string> paths;
  std::vector<double> times, values;
  for (uint32_t row = 0; row < kPrims * kTimes; ++row) {
    paths.push_back(LongPath(row / kTimes));
    times.push_back(LongTime(row / kTimes, row % kTimes));
    values.push_back(row);
  }
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("path", arrow::utf8()), arrow::field("t", arrow::float64()),
                     arrow::field("h", arrow::float64())}),
      {Strings(paths), Doubles(times), Doubles(values)});
  const std::string path = WriteBytes("damaged_long.parquet", "");
  WriteOptions options;
  options.time_column = "t";
  options.order = RowOrder::kPath;
  EXPECT_TRUE(WriteTable(*table, path, options).ok());
  return path;
}

const IndexedFile& LongFile(const char* key) {
  static const std::string path = WriteLongFile();
  static const IndexedFile paths(path, kIndexKey), times(path, kTimesKey);
  return key == std::string(kIndexKey) ? paths : times;
}

/// An open table, and what it reported.
struct Opened {
  explicit Opened(const std::string& bytes) {
    TableOptions options;
    options.report = [this](bool is_error, const std::string& message) {
      std::lock_guard lock(mutex);
      (is_error ? errors : warnings).push_back(message);
    };
    const std::string path = WriteBytes("damaged_index.parquet", bytes);
    auto opened = Table::Open(arrow::io::ReadableFile::Open(path).ValueOrDie(), "test.parquet",
                              std::move(options));
    EXPECT_TRUE(opened.ok()) << opened.status();
    table = *opened;
  }

  std::mutex mutex;
  std::vector<std::string> errors, warnings;
  std::shared_ptr<Table> table;
};

PrimId FindPath(const Table& table, const std::string& path) {
  uint64_t hash = table.paths().root_hash();
  for (size_t begin = 1; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    hash = ChildPathHash(hash, std::string_view(path).substr(begin, end - begin));
    begin = end + 1;
  }
  return table.paths().Find(hash);
}

/// Looks up every row of FlatFile.
void FindAllRows(Table& table) {
  for (uint32_t row = 0; row < kFlatRows; ++row) {
    const std::string path = MixedPath(row);
    const uint32_t found = table.Ask([&] { return table.paths().RowOf(FindPath(table, path)); });
    ASSERT_EQ(found, row) << path;
  }
}

void VisitAllRows(Table& table) {
  const auto rows = table.Ask([&] {
    std::set<uint32_t> found;
    table.paths().VisitRows([&](uint32_t row) { found.insert(row); });
    return found;
  });
  EXPECT_EQ(rows.size(), kFlatRows);
}

void WalkAllRows(Table& table) {
  const auto wanted = FindRowsBelow(table, "/");
  ASSERT_TRUE(wanted.ok()) << wanted.status();
  ASSERT_EQ(wanted->rows.size(), table.num_rows());
  for (uint32_t row = 0; row < table.num_rows(); ++row) ASSERT_EQ(wanted->rows[row], row);
}

/// Looks up every prim of LongFile and its rows.
void FindAllTimes(Table& table) {
  for (uint32_t prim = 0; prim < kPrims; ++prim) {
    const auto found = table.Ask([&] {
      std::vector<std::pair<double, uint32_t>> samples;
      const PrimTimes times =
          table.times()->Find(table.paths().RowOf(FindPath(table, LongPath(prim))));
      for (uint32_t i = 0; i < times.size(); ++i) {
        samples.emplace_back(times.codes()[i], times.RowOf(i));
      }
      return samples;
    });
    ASSERT_EQ(found.size(), kTimes) << prim;
    for (uint32_t i = 0; i < kTimes; ++i) {
      ASSERT_EQ(found[i], std::pair(LongTime(prim, i), prim * kTimes + i));
    }
  }
}

using Reading = std::function<void(Table&)>;

/// Reads the damaged file in one way, then checks what was said.
void ExpectRebuilt(const std::string& bytes, const Reading& read, const std::string& said) {
  Opened opened(bytes);
  read(*opened.table);
  EXPECT_TRUE(opened.errors.empty()) << opened.errors.front();
  ASSERT_EQ(opened.warnings.size(), 1u);
  EXPECT_NE(opened.warnings[0].find(said), std::string::npos) << opened.warnings[0];
  EXPECT_FALSE(opened.table->paths().is_embedded());
  EXPECT_FALSE(opened.table->has_damage());
  EXPECT_FALSE(opened.table->HasSoundIndex());
  EXPECT_EQ(opened.table->index_version(), 1u);
}

TEST(DamagedIndex, SoundOnesAreNotReplaced) {
  for (const auto& bytes : {FlatFile().bytes, LongFile(kIndexKey).bytes}) {
    Opened opened(bytes);
    EXPECT_TRUE(opened.table->HasSoundIndex());
    WalkAllRows(*opened.table);
    EXPECT_TRUE(opened.table->paths().is_embedded());
    EXPECT_TRUE(opened.warnings.empty());
    EXPECT_EQ(opened.table->index_version(), 0u);
  }
}

TEST(DamagedIndex, EachBlockOfThePathIndexIsBuiltAnewByEachReading) {
  const IndexedFile& good = FlatFile();
  ASSERT_GT(good.num_blocks(), 4u);
  for (size_t block = 0; block < good.num_blocks(); ++block) {
    IndexedFile file = good;
    file.bytes[file.offset + kHeader + std::min(block * kBlock + 77, file.body_size() - 1)] ^= 4;
    const std::string said = "test.parquet: the embedded path index is damaged at its byte " +
                             std::to_string(block * kBlock) +
                             "; it was built anew from the column 'path'. Write it again with "
                             "'usdparquet optimize' or by saving the layer";
    ExpectRebuilt(file.bytes, FindAllRows, said);
    ExpectRebuilt(file.bytes, WalkAllRows, said);
    ExpectRebuilt(file.bytes, [](Table& table) { EXPECT_FALSE(table.HasSoundIndex()); }, said);
  }
  // VisitRows needs the entries alone, which are in the second block.
  IndexedFile file = good;
  file.bytes[file.offset + kHeader + kBlock + 5] ^= 4;
  ExpectRebuilt(file.bytes, VisitAllRows, "at its byte 32768");
}

TEST(DamagedIndex, EachBlockOfTheIndexesOfALongTableIsBuiltAnew) {
  for (const char* key : {kIndexKey, kTimesKey}) {
    const IndexedFile& good = LongFile(key);
    ASSERT_GT(good.num_blocks(), 1u);
    for (size_t block = 0; block < good.num_blocks(); ++block) {
      IndexedFile file = good;
      file.bytes[file.offset + kHeader + std::min(block * kBlock + 77, file.body_size() - 1)] ^= 4;
      const std::string said =
          "index is damaged at its byte " + std::to_string(block * kBlock) +
          "; it was built anew from the columns 'path' and 't'. Write it again";
      ExpectRebuilt(
          file.bytes,
          [](Table& table) {
            FindAllTimes(table);
            WalkAllRows(table);
          },
          said);
    }
  }
}

TEST(DamagedIndex, EightThreadsMeetDamageAtOnce) {
  for (const char* key : {kIndexKey, kTimesKey}) {
    IndexedFile file = LongFile(key);
    for (size_t block = 0; block < file.num_blocks(); ++block) {
      file.bytes[file.offset + kHeader + std::min(block * kBlock, file.body_size() - 1)] ^= 1;
    }
    Opened opened(file.bytes);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back(
          [&, i] { i % 2 ? FindAllTimes(*opened.table) : WalkAllRows(*opened.table); });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(opened.errors.empty());
    EXPECT_EQ(opened.warnings.size(), 1u);
  }
}

TEST(DamagedIndex, WithoutItsColumnTheErrorIsToldOnceAndNothingIsInvented) {
  IndexedFile file = FlatFile();
  for (size_t at = 2 * kBlock; at < file.body_size(); at += kBlock) {
    file.bytes[file.offset + kHeader + at] ^= 1;
  }
  const auto metadata =
      parquet::ParquetFileReader::OpenFile(WriteBytes("damaged_both.parquet", FlatFile().bytes))
          ->metadata();
  const int leaf = metadata->schema()->ColumnIndex("path");
  const auto chunk = metadata->RowGroup(0)->ColumnChunk(leaf);
  file.bytes[chunk->data_page_offset() + 2000] ^= 1;
  Opened opened(file.bytes);
  Table& table = *opened.table;
  uint32_t found = 0;
  for (uint32_t row = 0; row < kFlatRows; ++row) {
    const std::string path = MixedPath(row);
    const PrimId prim = table.Ask([&] { return FindPath(table, path); });
    if (!prim) continue;
    ++found;
    EXPECT_EQ(table.paths().RowOf(prim), row);
  }
  EXPECT_LT(found, kFlatRows);
  EXPECT_GT(found, 2000u);
  EXPECT_TRUE(opened.warnings.empty());
  ASSERT_EQ(opened.errors.size(), 1u);
  EXPECT_NE(opened.errors[0].find("test.parquet: the embedded path index is damaged at its byte"),
            std::string::npos);
  EXPECT_NE(opened.errors[0].find("it can't be built anew: the path column 'path' can't be read "
                                  "from row 4096 on"),
            std::string::npos)
      << opened.errors[0];
  EXPECT_TRUE(table.has_damage());
  EXPECT_FALSE(table.HasSoundIndex());
  const std::string path = WriteBytes("damaged_both.parquet", file.bytes);
  ReadRequest request;
  request.under = "/World";
  const auto answer =
      ReadColumns(arrow::io::ReadableFile::Open(path).ValueOrDie(), "test.parquet", request);
  EXPECT_TRUE(answer.status().IsIOError()) << answer.status();
}

// Lies: numbers that can't be, under right checksums.

/// Where the parts of the body of FlatFile's path index begin.
struct Parts {
  size_t buckets = 0, entries = 0, parent_buckets = 0, parent_entries = 0, parents = 0, runs = 0;

  explicit Parts(const IndexedFile& file) {
    const auto count = [&](size_t at) -> size_t {
      return Get<uint32_t>(file.bytes, file.offset + at);
    };
    const auto after = [](size_t begin, size_t size) { return begin + (size + 7) / 8 * 8; };
    entries = after(buckets, 4 * ((size_t{1} << count(52)) + 1));
    parent_buckets = after(entries, 8 * count(44));
    parent_entries = after(parent_buckets, 4 * ((size_t{1} << count(72)) + 1));
    parents = after(parent_entries, 8 * count(64));
    runs = after(parents, 12 * (count(56) + 1));
  }
};

TEST(DamagedIndex, LiesAboutPathsAreBuiltAnew) {
  const IndexedFile& good = FlatFile();
  const Parts parts(good);
  constexpr uint32_t kWide[] = {1u << 31, 0xffffffffu, 0xfffffffeu, kFlatRows};
  const auto expect = [&](size_t at, uint32_t number, const Reading& read) {
    SCOPED_TRACE("byte " + std::to_string(at) + " is " + std::to_string(number));
    IndexedFile file = good;
    file.Lie(at, number);
    ExpectRebuilt(file.bytes, read, "test.parquet: the embedded path index is wrong: ");
  };
  for (const uint32_t number : kWide) {
    expect(parts.buckets + 4, number, FindAllRows);
    expect(parts.parents + 12 + 4, number, WalkAllRows);  // depth
    expect(parts.parents + 12 + 8, number, WalkAllRows);  // first run
    expect(parts.runs + 8, number, WalkAllRows);          // first row
    expect(parts.runs + 12, number, WalkAllRows);         // rows
  }
  for (const uint32_t number : {1u << 31, kFlatRows, 0xfffffffeu}) {
    expect(parts.parents + 12, number, WalkAllRows);  // the row of an inner prim
  }
  expect(parts.parents, 5, WalkAllRows);           // the pseudo-root has no row
  expect(parts.parents + 12 + 4, 0, WalkAllRows);  // its child is itself
  expect(parts.parents + 24 + 4, 1, WalkAllRows);  // a child as deep as its parent
  expect(parts.runs + 12, 0, WalkAllRows);
  const size_t body = good.offset + kHeader;
  expect(parts.entries, Get<uint32_t>(good.bytes, body + parts.entries) | 0x7fff, FindAllRows);
  // The last run without its last row is plausible; it is missed by who counts.
  const size_t count = parts.runs + 8 * (Get<uint32_t>(good.bytes, good.offset + 60) - 1) + 4;
  expect(count, Get<uint32_t>(good.bytes, body + count) - 1,
         [](Table& table) { EXPECT_FALSE(table.HasSoundIndex()); });
}

TEST(DamagedIndex, EntriesOutOfOrderAreBuiltAnew) {
  const Parts parts(FlatFile());
  for (const size_t entries : {parts.entries, parts.parent_entries}) {
    IndexedFile file = FlatFile();
    const size_t body = file.offset + kHeader + entries;
    uint32_t words[4];  // two entries of the first bucket
    for (size_t i = 0; i < 4; ++i) words[i] = Get<uint32_t>(file.bytes, body + 4 * i);
    for (size_t i = 0; i < 4; ++i) file.Lie(entries + 4 * i, words[(i + 2) % 4]);
    // What is looked for in vain may be missed for that.
    const Reading look = [](Table& table) {
      for (int i = 0; i < 20000; ++i) {
        const std::string path = "/World/Zone_1/Nothing_" + std::to_string(i);
        EXPECT_FALSE(table.Ask([&] { return FindPath(table, path); }));
      }
      FindAllRows(table);
    };
    ExpectRebuilt(file.bytes, look, "is wrong: the entries of a bucket are not in order");
  }
}

TEST(DamagedIndex, LiesAboutTimesAreBuiltAnew) {
  const IndexedFile& good = LongFile(kTimesKey);
  const auto count = [&](size_t at) -> size_t {
    return Get<uint32_t>(good.bytes, good.offset + at);
  };
  const auto after = [](size_t begin, size_t size) { return begin + (size + 7) / 8 * 8; };
  const size_t runs = after(0, 4 * count(40)), schedules = after(runs, 8 * count(44));
  const size_t codes = after(schedules, 24 * count(48));
  const auto expect = [&](size_t at, uint32_t number) {
    SCOPED_TRACE("byte " + std::to_string(at) + " is " + std::to_string(number));
    IndexedFile file = good;
    file.Lie(at, number);
    ExpectRebuilt(file.bytes, FindAllTimes, "test.parquet: the embedded time index is wrong: ");
  };
  for (const uint32_t number : {1u << 31, 0xffffffffu, kPrims * kTimes}) {
    expect(0, number);                                            // directory
    expect(runs, number);                                         // first row
    expect(runs + 4, number);                                     // schedule
    expect(schedules, number);                                    // first code
    if (number > kPrims * kTimes) expect(schedules + 4, number);  // codes
    expect(schedules + 12, number);                               // base
    expect(schedules + 16, number);                               // stride
  }
  expect(codes + 4, 0x7ff00000);  // an infinite time code
}

}  // namespace
}  // namespace usdparquet
