// BuildIndex over pages of paths, ParallelFor, and the sections that indexes are embedded in.

#include <arrow/io/memory.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>
#include <parquet/file_writer.h>
#include <parquet/schema.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/index/arrow_columns.h"
#include "core/index/index_builder.h"
#include "core/index/path_index_file.h"
#include "core/index/time_index_file.h"
#include "core/sections/section.h"
#include "core/sections/section_locator.h"
#include "core/util/parallel_for.h"

namespace usdparquet {
namespace {

TEST(ParallelFor, CallsEveryNumberOnce) {
  for (const unsigned threads : {0u, 1u, 3u, 100u}) {
    std::vector<std::atomic<int>> calls(1000);
    EXPECT_TRUE(ParallelFor(threads, calls.size(), [&](size_t i) {
                  ++calls[i];
                  return arrow::Status::OK();
                }).ok());
    for (const auto& count : calls) EXPECT_EQ(count, 1);
  }
  EXPECT_TRUE(ParallelFor(4, 0, [](size_t) { return arrow::Status::IOError("called"); }).ok());
}

TEST(ParallelFor, ReturnsTheErrorOfTheLowestNumberAndStops) {
  std::atomic<int> calls{0};
  const arrow::Status status = ParallelFor(4, 100000, [&](size_t i) {
    ++calls;
    return i % 10 == 7 ? arrow::Status::IOError("at ", i) : arrow::Status::OK();
  });
  EXPECT_EQ(status.ToString(), "IOError: at 7");
  EXPECT_LT(calls, 100000);
}

TEST(ParallelFor, TurnsExceptionsIntoErrors) {
  const auto failing = [](size_t) -> arrow::Status { throw std::runtime_error("odd\nbytes"); };
  EXPECT_EQ(ParallelFor(3, 8, failing).message(), "odd bytes");
  const auto without_memory = [](size_t) -> arrow::Status { throw std::bad_alloc(); };
  EXPECT_TRUE(ParallelFor(3, 8, without_memory).IsOutOfMemory());
}

/// Rows in pages of any size.
class PagedSource : public IndexSource {
 public:
  PagedSource(const std::vector<std::string_view>& paths, const RowTimes* times, uint32_t page_rows)
      : paths_(paths), times_(times), page_rows_(page_rows) {}

  uint32_t num_rows() const override { return static_cast<uint32_t>(paths_.size()); }
  size_t num_pages() const override { return (paths_.size() + page_rows_ - 1) / page_rows_; }
  PathPage PageAt(size_t page) const override {
    const auto first = static_cast<uint32_t>(page) * page_rows_;
    return {first, std::min(page_rows_, num_rows() - first)};
  }
  arrow::Result<PagePaths> ReadPaths(size_t page) const override {
    if (page == broken_page) return arrow::Status::IOError("page ", page, " is broken");
    return PagePaths(std::span(paths_).subspan(PageAt(page).first_row, PageAt(page).num_rows));
  }
  bool IsSamePath(uint32_t a, uint32_t b) override { return !is_hostile && paths_[a] == paths_[b]; }
  const TimeColumn* time_column() const override { return times_ ? &times_->column : nullptr; }
  arrow::Status ReadTimes(uint32_t first_row, std::span<RowTime> times) override {
    std::copy_n(times_->times.begin() + first_row, times.size(), times.begin());
    return arrow::Status::OK();
  }

  size_t broken_page = ~size_t{0};
  bool is_hostile = false;  ///< equal hashes are always said to be of different paths

 private:
  const std::vector<std::string_view>& paths_;
  const RowTimes* const times_;
  const uint32_t page_rows_;
};

struct Rows {
  std::vector<std::string> texts;
  std::vector<std::string_view> paths;
  RowTimes times;
};

Rows RandomRows(int seed) {
  std::mt19937 random(seed);
  Rows rows;
  for (int i = 0; i < 3000; ++i) {
    std::string path;
    for (int d = 1 + static_cast<int>(random() % 4); d > 0; --d) {
      path += "/n" + std::to_string(random() % 9);
    }
    if (random() % 50 == 0) path = "/not//a path";
    rows.texts.push_back(path);
    const double code = random() % 30;
    rows.times.times.push_back(random() % 20 == 0
                                   ? RowTime()
                                   : RowTime{RowTime::Kind::kSample, std::bit_cast<int64_t>(code)});
  }
  for (const std::string& text : rows.texts) {
    rows.paths.push_back(random() % 100 == 0 ? std::string_view() : std::string_view(text));
  }
  return rows;
}

std::string BytesOf(const TableIndex& index) {
  return PathIndexFile::Serialize(index.paths, index.path_report, 5) +
         (index.times ? TimeIndexFile::Serialize(*index.times, index.time_report, 5) : "");
}

TEST(BuildIndex, IsTheSameForAnyPagesAndThreads) {
  for (int seed = 0; seed < 4; ++seed) {
    const Rows rows = RandomRows(seed);
    for (const RowTimes* times : {static_cast<const RowTimes*>(nullptr), &rows.times}) {
      const TableIndex expected = IndexRows(rows.paths, times, {}).ValueOrDie();
      EXPECT_EQ(expected.hashes.size(), rows.paths.size());
      EXPECT_GT(expected.path_report.num_invalid, 0u);
      for (const uint32_t page_rows : {1u, 7u, 500u}) {
        PagedSource source(rows.paths, times, page_rows);
        IndexOptions options;
        options.num_threads = 3;
        options.with_hashes = true;
        const TableIndex built = BuildIndex(source, options).ValueOrDie();
        EXPECT_TRUE(BytesOf(built) == BytesOf(expected)) << page_rows;
        EXPECT_EQ(built.hashes, expected.hashes);
        EXPECT_EQ(built.times.has_value(), times != nullptr);
      }
    }
  }
}

TEST(BuildIndex, KnowsAPrimAgainBehindARowWithoutAPath) {
  const std::vector<std::string_view> paths = {"/a", {}, "/a"};
  RowTimes times;
  for (const double code : {1.0, 2.0, 3.0}) {
    times.times.push_back({RowTime::Kind::kSample, std::bit_cast<int64_t>(code)});
  }
  const TableIndex index = IndexRows(paths, &times, {}).ValueOrDie();
  EXPECT_EQ(index.path_report.invalid_rows, std::vector<uint32_t>{1});
  const PrimTimes rows = index.times->Find(0);
  EXPECT_EQ(std::vector<double>(rows.codes().begin(), rows.codes().end()),
            (std::vector<double>{1, 3}));
  EXPECT_EQ(rows.RowOf(1), 2u);
}

TEST(BuildIndex, FailsWithThePageThatCannotBeRead) {
  const Rows rows = RandomRows(1);
  for (const RowTimes* times : {static_cast<const RowTimes*>(nullptr), &rows.times}) {
    PagedSource source(rows.paths, times, 100);
    source.broken_page = 17;
    EXPECT_EQ(BuildIndex(source, {}).status().ToString(), "IOError: page 17 is broken");
  }
}

TEST(BuildIndex, GivesUpIfPathsShareTheirHashesWithEverySeed) {
  const std::vector<std::string_view> paths = {"/a", "/b", "/a"};
  PagedSource source(paths, nullptr, 2);
  source.is_hostile = true;
  EXPECT_EQ(BuildIndex(source, {}).status().message(),
            "different paths share their hashes with every seed; the file seems made for that");
}

TEST(SectionLocator, IsReadAsItIsWritten) {
  const SectionLocator locator{1, 2, "", 64, 4096, 0xabcdef};
  EXPECT_EQ(locator.Text(), "version=1.2 offset=64 length=4096 checksum=0000000000abcdef");
  const SectionLocator with_format{1, 0, "usdc", 64, 4096, 0xabcdef};
  EXPECT_EQ(with_format.Text(),
            "version=1.0 format=usdc offset=64 length=4096 checksum=0000000000abcdef");
  for (const SectionLocator& each : {locator, with_format}) {
    const auto parsed = SectionLocator::Parse(each.Text());
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->Text(), each.Text());
  }
  for (const char* text : {"", "version=1", "version=1.0", "version=1.0 format=usdc",
                           "version=1.0 offset=64 length=1", "offset=1 length=1 checksum=1"}) {
    EXPECT_FALSE(SectionLocator::Parse(text)) << text;
  }
}

struct TestHeader {
  char magic[8];
  uint16_t major_version;
  uint16_t minor_version;
  uint32_t header_size;
  uint64_t total_size;
  uint32_t num_rows;
  uint32_t reserved;
  uint32_t num_values;
  uint32_t num_blocks;
  uint64_t blocks_checksum;
  uint64_t header_checksum;
};
constexpr SectionKind kTestKind{"test:section", "TESTTEST", "test section"};

/// A section that holds `values` twice and lies at byte 64 of its file.
struct SectionFile {
  explicit SectionFile(const std::vector<uint32_t>& values) {
    TestHeader header{};
    header.num_values = static_cast<uint32_t>(values.size());
    SectionWriter writer;
    writer.Add(std::span<const uint32_t>(values));
    writer.Add(std::span<const uint32_t>(values));
    const std::string section = writer.Finish(kTestKind, header);
    entry = SectionEntry(64, section);
    bytes = std::string(64, 'x') + section;
  }

  std::shared_ptr<parquet::FileMetaData> Metadata() const {
    auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    const auto schema = parquet::schema::GroupNode::Make(
        "schema", parquet::Repetition::REQUIRED,
        {parquet::schema::PrimitiveNode::Make("a", parquet::Repetition::REQUIRED,
                                              parquet::Type::INT32)});
    auto writer = parquet::ParquetFileWriter::Open(
        sink, std::static_pointer_cast<parquet::schema::GroupNode>(schema),
        parquet::default_writer_properties(),
        arrow::key_value_metadata({std::string(kTestKind.key)}, {entry}));
    writer->Close();
    return writer->metadata();
  }

  /// The values, or what went wrong.
  std::vector<uint32_t> Read(std::string* warning, std::string* damage = nullptr) const {
    arrow::io::BufferReader file(arrow::Buffer::FromString(bytes));
    const auto metadata = Metadata();
    const auto always = [](const TestHeader&) { return true; };
    SectionReader<TestHeader> reader(kTestKind, file, *metadata, always, always);
    *warning = reader.warning();
    if (!reader.header()) return {};
    const auto first = reader.Take<uint32_t>(reader.header()->num_values);
    const auto second = reader.Take<uint32_t>(reader.header()->num_values);
    const auto blocks = reader.Finish([&](const std::string& message) {
      if (damage) *damage += message;
    });
    *warning = reader.warning();
    if (!blocks || !blocks->Verify(first.data(), second.data() + second.size())) return {};
    EXPECT_TRUE(std::equal(first.begin(), first.end(), second.begin(), second.end()));
    return {first.begin(), first.end()};
  }

  std::string bytes, entry;
};

TEST(Section, IsReadAsItIsWritten) {
  std::string warning;
  for (const size_t count : {0u, 1u, 5u, 20000u}) {
    std::vector<uint32_t> values(count);
    for (size_t i = 0; i < count; ++i) values[i] = static_cast<uint32_t>(3 * i + 1);
    EXPECT_EQ(SectionFile(values).Read(&warning), values);
    EXPECT_EQ(warning, "");
  }
}

TEST(Section, SaysWhatIsDamagedAndIsSilentAboutWhatIsNotThere) {
  const std::vector<uint32_t> values(20000, 7);
  const SectionFile good(values);
  std::string warning, damage;
  const auto why = [](const std::string& reason) {
    return "the embedded test section is not used: " + reason +
           "; it is built in memory instead. 'usdparquet optimize' writes a good one";
  };

  SectionFile file = good;
  file.bytes[64 + 30] ^= 1;  // in the header
  EXPECT_TRUE(file.Read(&warning).empty());
  EXPECT_EQ(warning, why("its header is damaged"));

  file = good;
  file.bytes.back() ^= 1;  // in the checksums
  EXPECT_TRUE(file.Read(&warning).empty());
  EXPECT_EQ(warning, why("its checksums are damaged"));

  file = good;
  file.bytes[64 + sizeof(TestHeader) + 40000] ^= 1;  // in the second block
  EXPECT_TRUE(file.Read(&warning, &damage).empty());
  EXPECT_EQ(warning, "");
  EXPECT_EQ(damage, "the embedded test section is damaged at its byte 32768");

  file = good;
  file.entry.replace(8, 1, "2");  // its major version
  EXPECT_TRUE(file.Read(&warning).empty());
  EXPECT_EQ(warning, why("its version is 2.0, and this software reads 1.x"));

  file = good;
  file.entry = "somewhere";
  EXPECT_TRUE(file.Read(&warning).empty());
  EXPECT_EQ(warning, why("its key-value entry 'somewhere' can't be read"));

  file = good;
  file.bytes.resize(1000);
  EXPECT_TRUE(file.Read(&warning).empty());
  EXPECT_EQ(warning, "");

  file = good;
  file.bytes[64] ^= 1;  // other bytes lie there
  EXPECT_TRUE(file.Read(&warning).empty());
  EXPECT_EQ(warning, "");
}

}  // namespace
}  // namespace usdparquet
