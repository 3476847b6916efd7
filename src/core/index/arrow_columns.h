#pragma once

/// \file
/// Paths and times of Arrow tables, and their index.

#include <arrow/chunked_array.h>
#include <arrow/result.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/index/index_builder.h"
#include "core/index/time_codes.h"
#include "core/util/export.h"

namespace usdparquet {

/// The texts of a column of strings (string, large_string, string_view or a dictionary of them),
/// valid as long as the column lives; a null has no data pointer. Fails if the column holds no
/// strings; the message is the end of a sentence that begins with the column.
USDPARQUET_API arrow::Result<std::vector<std::string_view>> StringViews(
    const arrow::ChunkedArray& column);

/// The times of all rows.
struct RowTimes {
  TimeColumn column;
  std::vector<RowTime> times;
};

/// Reads the column `name`, or a part of it that begins at row `first_row`. Fails if it holds no
/// times, or one that no time code can hold; the message names column and row, not the file.
USDPARQUET_API arrow::Result<RowTimes> ReadRowTimes(const arrow::ChunkedArray& column,
                                                    const std::string& name, int64_t first_row = 0);

/// Builds the index of a table in this thread, with the hashes of all rows. `times` is null unless
/// it is a long table; timestamps then count from the earliest, `codes_per_second` to a second.
USDPARQUET_API arrow::Result<TableIndex> IndexRows(
    const std::vector<std::string_view>& paths, const RowTimes* times,
    const IdentifierTest& unicode_test, double codes_per_second = TimeScale().codes_per_second);

}  // namespace usdparquet
