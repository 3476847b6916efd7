// Table's dealings with time: the index of a long table, and what is to be told of it.

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "core/index/time_index_file.h"
#include "core/table/table.h"
#include "core/util/message_text.h"
#include "core/util/raw_vector.h"

namespace usdparquet {
namespace {

/// The rows whose paths are hashed ahead of those that are put into the index.
constexpr uint32_t kRowsAtOnce = 1 << 16;

/// The paths of a page, hashed.
struct HashedPage {
  std::unique_ptr<Page> paths;
  RawVector<TimeIndexBuilder::PathKey> keys;
};

void HashPaths(uint64_t root_hash, const IdentifierTest& unicode_test, HashedPage* page) {
  const Page& paths = *page->paths;
  page->keys.assign(paths.num_rows, {});
  PathScan scan(root_hash, unicode_test);  // knows the parent of the last path
  std::string_view last;
  for (uint32_t i = 0; i < paths.num_rows; ++i) {
    if (!paths.IsPresent(i)) continue;
    const std::string_view path = paths.String(i);
    if (i > 0 && !last.empty() && path == last) {
      page->keys[i] = page->keys[i - 1];
      continue;
    }
    page->keys[i] = {scan.Add(i, path), static_cast<uint32_t>(XXH3_64bits_withSeed(
                                            path.data(), path.size(), ~root_hash))};
    last = path;
  }
}

}  // namespace

std::string Table::TimeColumnName() const {
  return options_.time_column.empty() ? entry_.time_column : options_.time_column;
}

double Table::TimeCodesPerSecond() const {
  if (options_.time_codes_per_second) return *options_.time_codes_per_second;
  return TimeCodesPerSecondOf(entry_).value_or(TimeScale().codes_per_second);
}

/// What the footer and the options say of times.
arrow::Status Table::PrepareTimes() {
  if (!schema_.time) {
    if (!options_.time_start) return arrow::Status::OK();
    return arrow::Status::Invalid(
        "the argument 'start' needs a time column, which the argument 'time' names");
  }
  ARROW_ASSIGN_OR_RAISE(
      time_, TimeColumn::Make(*schema_.time, *metadata().schema()->Column(schema_.time->leaf)));
  if (options_.time_start && !time_->has_timestamps()) {
    return arrow::Status::Invalid("the time column '", schema_.time->column_name, "' has type ",
                                  schema_.time->storage,
                                  "; the argument 'start' is for dates and timestamps");
  }
  return arrow::Status::OK();
}

/// Reads the time column from its first row to its last.
class Table::TimeReader {
 public:
  explicit TimeReader(Table& table) : table_(table) {
    column_.Init(table.source_, table.time_->info);
  }

  /// The time of `row`. REQUIRES: rows rise.
  arrow::Result<RowTime> Read(uint32_t row) {
    if (!page_ || row - page_->first_row >= page_->num_rows) ARROW_RETURN_NOT_OK(Load(row));
    return table_.time_->Read(*page_, row - page_->first_row);
  }

 private:
  arrow::Status Load(uint32_t row) {
    const uint32_t group = table_.file_.GroupOf(row);
    const auto fail = [&](const arrow::Status& status) {
      return arrow::Status::IOError("the time column '", column_.info().column_name,
                                    "' can't be read from row ", row, " on: ", status.message());
    };
    if (!chunk_ || chunk_->row_group != static_cast<int>(group)) {
      auto located = column_.LocateApart(group);
      if (!located.ok()) return fail(located.status());
      chunk_ = std::move(*located);
    }
    auto page = column_.Decode(*chunk_, chunk_->PageOf(row));
    if (!page.ok()) return fail(page.status());
    page_ = std::move(*page);
    return arrow::Status::OK();
  }

  Table& table_;
  ColumnReader column_;
  std::unique_ptr<ColumnChunk> chunk_;
  std::unique_ptr<Page> page_;
};

/// Takes the embedded indexes of a long table, if both are there and of the times that are asked
/// for; else builds them.
arrow::Status Table::OpenLongIndex(PathIndexFile::Opened paths,
                                   std::function<void(const std::string&)> on_damage) {
  auto times = TimeIndexFile::Open(
      file(), metadata(),
      PathIndexFile::FingerprintOf(metadata(), schema_.path->leaf, time_->info.leaf),
      std::move(on_damage));
  if (!times.warning.empty()) warnings_.push_back(name_ + ": " + times.warning);
  if (!paths.index || !times.index || options_.ignore_embedded_index) return BuildLongIndex();
  const TimeScale& scale = times.index->scale();
  const bool is_other_scale =
      time_->has_timestamps() && (scale.codes_per_second != TimeCodesPerSecond() ||
                                  scale.start != options_.time_start.value_or(scale.start));
  if (is_other_scale) return BuildLongIndex();
  paths_ = std::move(*paths.index);
  report_ = std::move(paths.report);
  times_ = std::make_unique<TimeIndex>(std::move(*times.index));
  time_report_ = std::move(times.report);
  return arrow::Status::OK();
}

arrow::Status Table::BuildLongIndex() {
  ARROW_ASSIGN_OR_RAISE(const std::vector<PathPage> pages, LocatePathPages());
  for (uint64_t seed = 0; seed < 8; ++seed) {
    ARROW_ASSIGN_OR_RAISE(const bool is_built, TryBuildLongIndex(seed, pages));
    if (is_built) return arrow::Status::OK();
  }
  return arrow::Status::Invalid(
      "different paths share their hashes with every seed; the file seems made for that");
}

/// False if two paths share a hash with that seed.
arrow::Result<bool> Table::TryBuildLongIndex(uint64_t seed, std::span<const PathPage> pages) {
  const uint64_t root_hash = RootPathHash(seed);
  TimeIndexBuilder builder(*time_);
  PathScan scan(root_hash, options_.unicode_test);
  TimeReader times(*this);

  for (size_t begin = 0; begin < pages.size();) {
    // Some pages are decoded and hashed in parallel, then their rows are added in order.
    size_t end = begin;
    for (uint64_t rows = 0; end < pages.size() && (end == begin || rows < kRowsAtOnce); ++end) {
      rows += pages[end].chunk->PageRows(pages[end].page);
    }
    std::vector<HashedPage> hashed(end - begin);
    std::atomic<size_t> next{begin};
    std::mutex failure_mutex;
    arrow::Status failure;
    const auto work = [&] {
      for (size_t i = next++; i < end; i = next++) {
        auto page = path_.Decode(*pages[i].chunk, pages[i].page);
        if (!page.ok()) {
          std::lock_guard lock(failure_mutex);
          failure = arrow::Status::IOError(
              "the path column '", path_.info().column_name, "' can't be read from row ",
              pages[i].chunk->pages[pages[i].page].first_row, " on: ", page.status().message());
          return;
        }
        hashed[i - begin].paths = std::move(*page);
        HashPaths(root_hash, options_.unicode_test, &hashed[i - begin]);
      }
    };
    std::vector<std::thread> threads;
    for (size_t t = 1; t < NumThreads(end - begin); ++t) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    ARROW_RETURN_NOT_OK(failure);

    for (const HashedPage& page : hashed) {
      for (uint32_t i = 0; i < page.paths->num_rows; ++i) {
        const uint32_t row = page.paths->first_row + i;
        ARROW_ASSIGN_OR_RAISE(const RowTime time, times.Read(row));
        switch (builder.Add(row, page.keys[i], time)) {
          case TimeIndexBuilder::Added::kNew:
            scan.Add(row, page.paths->String(i));
            break;
          case TimeIndexBuilder::Added::kCollision:
            return false;
          case TimeIndexBuilder::Added::kKnown:
            if (page.keys[i].hash == 0) scan.AddNull(row);
        }
      }
    }
    begin = end;
  }

  const auto same_path = [this](uint32_t a, uint32_t b) { return IsSamePath(a, b); };
  if (!PathIndexBuilder::BuildLong(seed, builder.TakeHashes(), builder.first_rows(), num_rows(),
                                   scan, same_path, &paths_, &report_)) {
    return false;
  }
  TimeScale scale;
  scale.codes_per_second = TimeCodesPerSecond();
  scale.start = options_.time_start.value_or(builder.Earliest().value_or(0));
  times_ = std::make_unique<TimeIndex>(builder.Build(num_rows(), scale, &time_report_));
  return true;
}

void Table::CollectTimeWarnings() {
  if (!time_) return;
  const std::string where = name_ + ": column '" + schema_.time->column_name + "': ";
  if (time_report_.num_bad > 0) {
    const bool is_one = time_report_.num_bad == 1;
    std::string text =
        where + std::to_string(time_report_.num_bad) + (is_one ? " row has" : " rows have") +
        " a time that no time code can hold and " + (is_one ? "is" : "are") + " left out: ";
    for (size_t i = 0; i < time_report_.bad.size(); ++i) {
      const auto& bad = time_report_.bad[i];
      text += (i ? ", row " : "row ") + std::to_string(bad.row) + ": " + time_->Describe(bad.time);
    }
    if (time_report_.num_bad > time_report_.bad.size()) text += ", …";
    warnings_.push_back(std::move(text));
  }
  if (time_report_.num_duplicates > 0) {
    std::string text = where + std::to_string(time_report_.num_duplicates) +
                       (time_report_.num_duplicates == 1 ? " row repeats" : " rows repeat") +
                       " the path and the time of an earlier row; the later row wins: ";
    for (size_t i = 0; i < time_report_.duplicates.size(); ++i) {
      const auto& [earlier, later] = time_report_.duplicates[i];
      text += (i ? ", row " : "row ") + std::to_string(later) + " repeats row " +
              std::to_string(earlier) + ": " + PathAt(later);
    }
    if (time_report_.num_duplicates > time_report_.duplicates.size()) text += ", …";
    warnings_.push_back(std::move(text));
  }
}

}  // namespace usdparquet
