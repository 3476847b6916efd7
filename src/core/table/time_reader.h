#pragma once

/// \file
/// The times of the rows of a long table, read once and in order.

#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <span>

#include "core/index/time_codes.h"
#include "core/table/column_reader.h"

namespace usdparquet {

/// Reads past the page cache. Not thread-safe.
class TimeReader {
 public:
  /// REQUIRES: `source` and `time` outlive this.
  TimeReader(const ColumnSource& source, const TimeColumn& time) : source_(source), time_(time) {
    column_.Init(source, time.info);
  }

  /// The times of the rows from `first_row` on. An error names the column and the row.
  arrow::Status Read(uint32_t first_row, std::span<RowTime> times);

 private:
  bool Has(uint32_t row) const { return page_ && row - page_->first_row < page_->num_rows; }
  arrow::Status Load(uint32_t row);

  const ColumnSource& source_;
  const TimeColumn& time_;
  ColumnReader column_;
  std::unique_ptr<ColumnChunk> chunk_;
  std::unique_ptr<Page> page_;  ///< the last one that was read
};

/// The error for a column of the index, `what`, that can't be read from `row` on.
arrow::Status IndexColumnError(const char* what, const ColumnInfo& info, uint32_t row,
                               const arrow::Status& status);

}  // namespace usdparquet
