#pragma once

/// \file
/// Long tables in memory, before they are written: their times, their indexes, the order of rows.

#include <arrow/chunked_array.h>
#include <arrow/result.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/index/namespace_order.h"
#include "core/index/time_codes.h"
#include "core/index/time_index.h"
#include "core/index/time_index_builder.h"
#include "core/schema/property_name.h"
#include "core/util/export.h"

namespace usdparquet {

/// How the rows of a long table follow each other.
enum class RowOrder : uint8_t {
  kPath,  ///< prim by prim in namespace order, each by time: for curves
  kTime,  ///< time by time, each in namespace order: for playback
};

/// The times of all rows.
struct RowTimes {
  TimeColumn column;
  std::vector<RowTime> times;
};

/// Reads the column `name`. Fails if it holds no times, or one that no time code can hold; the
/// message names column and row, not the file.
USDPARQUET_API arrow::Result<RowTimes> ReadRowTimes(const arrow::ChunkedArray& column,
                                                    const std::string& name);

/// Both indexes of a long table.
struct IndexedTimes {
  IndexedPaths paths;  ///< of the first rows; its hashes are those of all rows
  TimeIndex times;
  TimeIndexReport report;
};
/// Indexes the rows `order` (of all rows, in their new places). Timestamps count from the earliest.
USDPARQUET_API arrow::Result<IndexedTimes> IndexTimes(const std::vector<std::string_view>& paths,
                                                      const RowTimes& times,
                                                      const std::vector<uint32_t>& order,
                                                      double codes_per_second,
                                                      const IdentifierTest& unicode_test);

/// The numbers of the rows in that order. Rows without a time come before those with one, rows of
/// one path and time keep their order, rows without a prim path come last.
USDPARQUET_API std::vector<uint32_t> LongTableOrder(const std::vector<std::string_view>& paths,
                                                    const RowTimes& times,
                                                    const IndexedTimes& indexed, RowOrder order);

/// Whether the times never fall from row to row: then the table is in order of time.
USDPARQUET_API bool IsInOrderOfTime(const RowTimes& times);

}  // namespace usdparquet
