#include "core/index/index_builder.h"

#include "core/util/parallel_for.h"
#include "core/util/path_hash.h"
#include "core/util/raw_vector.h"

namespace usdparquet {
namespace {

/// How many rows of a long table are read and hashed at a time.
constexpr uint32_t kRowsAtOnce = 1 << 16;

/// The paths of a page, hashed.
struct HashedPage {
  PagePaths paths;
  RawVector<TimeIndexBuilder::PathKey> keys;
};

void HashPaths(uint64_t root_hash, const IdentifierTest& unicode_test, HashedPage* page) {
  page->keys.assign(page->paths.size(), {});
  PathScan scan(root_hash, unicode_test);  // for its hashes: it remembers the last path's parent
  std::string_view last;
  TimeIndexBuilder::PathKey last_key;
  for (uint32_t i = 0; i < page->paths.size(); ++i) {
    const std::string_view path = page->paths[i];
    if (path.empty()) continue;
    if (path != last) {
      last_key = {scan.Add(i, path), static_cast<uint32_t>(XXH3_64bits_withSeed(
                                         path.data(), path.size(), ~root_hash))};
      last = path;
    }
    page->keys[i] = last_key;
  }
}

/// Builds an index with one seed.
class Attempt {
 public:
  Attempt(IndexSource& source, const IndexOptions& options, uint64_t seed)
      : source_(source), options_(options), seed_(seed) {}

  /// False if two paths share a hash with that seed.
  arrow::Result<bool> Run(TableIndex* index) {
    return source_.time_column() ? BuildLong(index) : BuildFlat(index);
  }

 private:
  arrow::Result<bool> BuildFlat(TableIndex* index) {
    // Each page writes those of its rows: of rows that are not there, no memory is touched.
    RawVector<uint64_t>& hashes = index->hashes;
    hashes.resize(source_.num_rows());
    const std::vector<bool>* const kept = source_.kept_rows();
    std::vector<PathScan> scans(source_.num_pages(),
                                PathScan(RootPathHash(seed_), options_.unicode_test));
    const auto scan = [&](size_t i) -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(const PagePaths paths, source_.ReadPaths(i));
      uint32_t row = source_.PageAt(i).first_row;
      for (uint32_t k = 0; k < paths.size(); ++k, ++row) {
        hashes[row] = kept && !(*kept)[row] ? 0 : scans[i].Add(row, paths[k]);
      }
      return arrow::Status::OK();
    };
    ARROW_RETURN_NOT_OK(ParallelFor(options_.num_threads, scans.size(), scan));
    return PathIndexBuilder::Build(seed_, hashes, scans, same_path_, &index->paths,
                                   &index->path_report);
  }

  arrow::Result<bool> BuildLong(TableIndex* index) {
    if (options_.with_hashes) index->hashes.reserve(source_.num_rows());
    // Some pages are read and hashed in parallel, then their rows are added in order.
    for (size_t begin = 0; begin < source_.num_pages();) {
      size_t end = begin;
      for (uint64_t rows = 0; end < source_.num_pages() && (end == begin || rows < kRowsAtOnce);) {
        rows += source_.PageAt(end++).num_rows;
      }
      std::vector<HashedPage> pages(end - begin);
      const auto hash = [&](size_t i) -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(pages[i].paths, source_.ReadPaths(begin + i));
        HashPaths(RootPathHash(seed_), options_.unicode_test, &pages[i]);
        return arrow::Status::OK();
      };
      ARROW_RETURN_NOT_OK(ParallelFor(options_.num_threads, pages.size(), hash));
      for (size_t i = 0; i < pages.size(); ++i) {
        ARROW_ASSIGN_OR_RAISE(const bool is_good,
                              AddRows(source_.PageAt(begin + i).first_row, pages[i], index));
        if (!is_good) return false;
      }
      begin = end;
    }
    if (!PathIndexBuilder::BuildLong(seed_, times_->TakeHashes(), times_->first_rows(),
                                     source_.num_rows(), new_paths_, same_path_, &index->paths,
                                     &index->path_report)) {
      return false;
    }
    TimeScale scale;
    scale.codes_per_second = options_.codes_per_second;
    scale.start = options_.time_start.value_or(times_->Earliest().value_or(0));
    index->times = times_->Build(source_.num_rows(), scale, &index->time_report);
    return true;
  }

  arrow::Result<bool> AddRows(uint32_t first_row, const HashedPage& page, TableIndex* index) {
    row_times_.resize(page.paths.size());
    ARROW_RETURN_NOT_OK(source_.ReadTimes(first_row, row_times_));
    for (uint32_t i = 0; i < page.paths.size(); ++i) {
      const uint32_t row = first_row + i;
      const auto added = times_->Add(row, page.keys[i], row_times_[i]);
      if (added == TimeIndexBuilder::Added::kCollision) return false;
      const bool is_new = added == TimeIndexBuilder::Added::kNew;
      if (is_new || page.keys[i].hash == 0) new_paths_.Add(row, page.paths[i]);
      if (options_.with_hashes) index->hashes.push_back(page.keys[i].hash);
    }
    return true;
  }

  IndexSource& source_;
  const IndexOptions& options_;
  const uint64_t seed_;
  const PathTable::SamePath same_path_ = [this](uint32_t a, uint32_t b) {
    return source_.IsSamePath(a, b);
  };
  // What long tables need.
  std::optional<TimeIndexBuilder> times_ =
      source_.time_column() ? std::optional<TimeIndexBuilder>(*source_.time_column())
                            : std::nullopt;
  PathScan new_paths_{RootPathHash(seed_),
                      options_.unicode_test};  // of first rows, and invalid ones
  std::vector<RowTime> row_times_;             // of one page
};

}  // namespace

arrow::Result<TableIndex> BuildIndex(IndexSource& source, const IndexOptions& options) {
  // A second seed is tried only if two paths of one file share 60 bits of hash.
  for (uint64_t seed = 0; seed < 8; ++seed) {
    TableIndex index;
    ARROW_ASSIGN_OR_RAISE(const bool is_built, Attempt(source, options, seed).Run(&index));
    if (!is_built) continue;
    if (!options.with_hashes) decltype(index.hashes)().swap(index.hashes);
    return index;
  }
  return arrow::Status::Invalid(
      "different paths share their hashes with every seed; the file seems made for that");
}

}  // namespace usdparquet
