#pragma once

/// \file
/// Builds the indexes of a table from its paths and times, whatever holds them.

#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/index/path_index.h"
#include "core/index/path_index_builder.h"
#include "core/index/time_codes.h"
#include "core/index/time_index.h"
#include "core/index/time_index_builder.h"
#include "core/pages/page.h"
#include "core/schema/property_name.h"
#include "core/util/export.h"
#include "core/util/raw_vector.h"

namespace usdparquet {

/// The paths of consecutive rows: a decoded page of a path column, or texts in memory.
class PagePaths {
 public:
  PagePaths() = default;
  explicit PagePaths(std::unique_ptr<Page> page) : page_(std::move(page)) {}
  /// The texts must stay; a null has no data pointer.
  explicit PagePaths(std::span<const std::string_view> texts) : texts_(texts) {}
  /// The same of texts that `owner` keeps.
  PagePaths(std::vector<std::string_view> texts, std::shared_ptr<const void> owner)
      : owner_(std::move(owner)), owned_(std::move(texts)), texts_(owned_) {}

  uint32_t size() const { return page_ ? page_->num_rows : static_cast<uint32_t>(texts_.size()); }
  /// Path number `i`; without a data pointer if it is null.
  std::string_view operator[](uint32_t i) const {
    if (!page_) return texts_[i];
    return page_->IsPresent(i) ? page_->String(i) : std::string_view();
  }

 private:
  std::unique_ptr<Page> page_;
  std::shared_ptr<const void> owner_;
  std::vector<std::string_view> owned_;
  std::span<const std::string_view> texts_;  // they stay where they are when they are moved
};

/// Where an index is built from: the pages of a path column and, of a long table, the times.
class IndexSource {
 public:
  /// A page of the path column. The pages in their order hold all rows.
  struct PathPage {
    uint32_t first_row = 0;
    uint32_t num_rows = 0;
  };

  virtual ~IndexSource() = default;
  virtual uint32_t num_rows() const = 0;
  virtual size_t num_pages() const = 0;
  virtual PathPage PageAt(size_t page) const = 0;

  /// The paths of a page. Any number of threads may call it.
  virtual arrow::Result<PagePaths> ReadPaths(size_t page) const = 0;
  /// Whether two rows have the same path.
  virtual bool IsSamePath(uint32_t a, uint32_t b) = 0;
  /// Whether each row counts at all; null if all do. Not for a long table.
  virtual const std::vector<bool>* kept_rows() const { return nullptr; }

  /// The time column; null unless the table is a long one.
  virtual const TimeColumn* time_column() const = 0;
  /// Reads the times of the rows from `first_row` on. REQUIRES: time_column().
  virtual arrow::Status ReadTimes(uint32_t first_row, std::span<RowTime> times) = 0;
};

struct IndexOptions {
  IdentifierTest unicode_test;
  unsigned num_threads = 0;  ///< that read and hash paths; 0: one per core
  /// For timestamps: the time codes in a second, and what time code 0 stands for (if not given, the
  /// earliest time of the table).
  double codes_per_second = TimeScale().codes_per_second;
  std::optional<Nanoseconds> time_start;
  /// Keep the hash of every row's path.
  bool with_hashes = false;
};

/// The path index of a table and, if it is a long one, its time index.
struct TableIndex {
  PathIndex paths;
  PathIndexReport path_report;
  std::optional<TimeIndex> times;
  TimeIndexReport time_report;
  /// The hash of each row's path, 0 for rows without a prim path; empty if not asked for.
  RawVector<uint64_t> hashes;
};

/// Builds the index of a table. Fails where `source` does, and for a table crafted so that
/// different paths collide.
USDPARQUET_API arrow::Result<TableIndex> BuildIndex(IndexSource& source,
                                                    const IndexOptions& options);

}  // namespace usdparquet
