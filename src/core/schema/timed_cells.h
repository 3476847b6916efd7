#pragma once

/// \file
/// Finds cells of long tables that no layer shows. Attributes have time samples; relationships and
/// the fields of prims have none, so that their cells count only in rows without a time.

#include <arrow/result.h>
#include <arrow/table.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/schema/schema_entry.h"
#include "core/util/export.h"

namespace usdparquet {

/// The cells of a column that are lost to a layer, because their rows have a time.
struct TimedCells {
  std::string column;  ///< `column:field` for the field of a struct
  ColumnRole role = ColumnRole::kRelationship;
  int64_t first_row = 0;  ///< of the table, from 0
  int64_t count = 0;
};

/// Those of each relationship and each field of prims, by `entry`, in `table`, whose rows have
/// their times in `time_column` (`column:field` for the field of a struct). The path column and
/// columns that the table does not have are passed over. Linear in the rows if there are such
/// columns.
USDPARQUET_API arrow::Result<std::vector<TimedCells>> FindTimedCells(const arrow::Table& table,
                                                                     const std::string& path_column,
                                                                     const std::string& time_column,
                                                                     const SchemaEntry& entry);

/// What is wrong with them, and what to do; does not name the file.
USDPARQUET_API std::string DescribeTimedCells(const TimedCells& cells);

}  // namespace usdparquet
