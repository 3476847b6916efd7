#pragma once

/// \file
/// Rows of several decoded pages as one page.

#include <arrow/status.h>

#include <cstdint>

#include "core/pages/page.h"
#include "core/schema/schema.h"

namespace usdparquet {

/// Copies the rows [first_row, first_row + num_rows) of a column from pages that follow each other.
class PageJoin {
 public:
  PageJoin(const ColumnInfo& column, uint32_t first_row, uint32_t num_rows);

  uint32_t first_row() const { return page_.first_row; }
  uint32_t end_row() const { return page_.first_row + page_.num_rows; }

  /// Appends those rows of `page` that are wanted. Its first wanted row is the next one. A
  /// CapacityError where they are more than a page can hold.
  arrow::Status Append(const Page& page);

  /// The page. REQUIRES: all rows were appended.
  Page Finish();

 private:
  void AppendScalars(const Page& page, uint32_t begin, uint32_t end);

  const ColumnInfo& column_;
  Page page_;
  bool is_full_ = true;  // every cell has a value so far
};

}  // namespace usdparquet
