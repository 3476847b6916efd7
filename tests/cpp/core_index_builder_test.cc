// BuildIndex over pages of paths.

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <random>
#include <string>
#include <vector>

#include "core/index/arrow_columns.h"
#include "core/index/index_builder.h"
#include "core/index/path_index_file.h"
#include "core/index/time_index_file.h"

namespace usdparquet {
namespace {

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

TEST(IndexBuilder, IsTheSameForAnyPagesAndThreads) {
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

TEST(IndexBuilder, KnowsAPrimAgainBehindARowWithoutAPath) {
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

TEST(IndexBuilder, FailsWithThePageThatCannotBeRead) {
  const Rows rows = RandomRows(1);
  for (const RowTimes* times : {static_cast<const RowTimes*>(nullptr), &rows.times}) {
    PagedSource source(rows.paths, times, 100);
    source.broken_page = 17;
    EXPECT_EQ(BuildIndex(source, {}).status().ToString(), "IOError: page 17 is broken");
  }
}

TEST(IndexBuilder, GivesUpIfPathsShareTheirHashesWithEverySeed) {
  const std::vector<std::string_view> paths = {"/a", "/b", "/a"};
  PagedSource source(paths, nullptr, 2);
  source.is_hostile = true;
  EXPECT_EQ(BuildIndex(source, {}).status().message(),
            "different paths share their hashes with every seed; the file seems made for that");
}

}  // namespace
}  // namespace usdparquet
