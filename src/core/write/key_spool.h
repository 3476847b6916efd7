#pragma once

/// \file
/// The paths and times of the rows that a writer has written, for the index.

#include <arrow/array.h>
#include <arrow/result.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/index/arrow_columns.h"
#include "core/index/index_builder.h"
#include "core/write/batch_spool.h"

namespace usdparquet {

/// Keeps them in memory as far as there is room, and tells neighbours with one path. Not
/// thread-safe while groups are added.
class KeySpool final : public IndexSource {
 public:
  /// Up to `held_bytes` stay in memory; the rest goes to a file beside `target`. `time_column` is
  /// empty unless the table is a long one.
  KeySpool(std::string target, std::string time_column, int64_t held_bytes);

  /// Adds the rows of a row group; `times` is null unless the table is a long one.
  arrow::Status Add(const arrow::ChunkedArray& paths, const arrow::ChunkedArray* times);

  /// The index of all rows added, and of timestamps as `codes_per_second` says.
  arrow::Result<TableIndex> MakeIndex(const IdentifierTest& unicode_test, double codes_per_second);

  uint32_t num_rows() const override { return static_cast<uint32_t>(spool_.num_rows()); }
  size_t num_pages() const override { return spool_.size(); }
  PathPage PageAt(size_t page) const override;
  arrow::Result<PagePaths> ReadPaths(size_t page) const override;
  bool IsSamePath(uint32_t a, uint32_t b) override;
  const TimeColumn* time_column() const override { return time_ ? &*time_ : nullptr; }
  arrow::Status ReadTimes(uint32_t first_row, std::span<RowTime> times) override;

 private:
  size_t PageOf(uint32_t row) const;
  arrow::Result<std::string> PathAt(uint32_t row) const;

  const std::string time_name_;
  std::optional<TimeColumn> time_;  // of a long table
  BatchSpool spool_;
  std::string last_path_;
  std::vector<bool> repeats_;  // whether each row has the path of the one before
  size_t times_page_ = 0;      // whose times are at hand
  std::optional<RowTimes> times_;
};

}  // namespace usdparquet
