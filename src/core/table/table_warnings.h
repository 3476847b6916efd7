#pragma once

/// \file
/// What the user is told of a file when it is opened.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/index/index_builder.h"
#include "core/index/time_codes.h"
#include "core/schema/schema.h"
#include "core/table/table_file.h"
#include "core/util/export.h"

namespace usdparquet {

/// What the rows of a table are told apart by.
struct RowNames {
  std::string column;
  const char* what;  ///< "the path", or "the id"
};

/// Sentences about rows without a prim path, repeated paths and times, and columns that are
/// missing or left out. Each begins with `name`, the file's. `time` is null unless the table is a
/// long one; `path_at` gives the path (or id) of a row as a message shows it.
std::vector<std::string> DescribeProblems(const std::string& name, const TableSchema& schema,
                                          const RowNames& names, const TimeColumn* time,
                                          const TableIndex& index,
                                          const std::function<std::string(uint32_t row)>& path_at);

/// A sentence about columns that the file describes and does not have, without its name. Empty if
/// there are none.
std::string DescribeMissingColumns(const TableSchema& schema);

/// A sentence for each relationship and each field of prims that has cells in rows with a time, as
/// the statistics of a long table tell, which no layer shows (what statistics leave open is not
/// told); and DescribeOtherRowCount. Each begins with `name`.
std::vector<std::string> DescribeFooterProblems(const std::string& name, const TableSchema& schema,
                                                const TableFile& file);

/// The sentence about a relationship or a field that has cells in rows with a time.
USDPARQUET_API std::string DescribeTimedColumn(const std::string& name, const ColumnInfo& column);

/// A sentence about a footer that says another number of rows than its row groups have together,
/// which begins with `name`. Empty if it does not, and for a dataset.
USDPARQUET_API std::string DescribeOtherRowCount(const std::string& name, const TableFile& file);

/// A sentence about statistics of the file that can't be right, which begins with `name`. Empty if
/// there are none.
USDPARQUET_API std::string DescribeBadStatistics(const std::string& name, const TableFile& file);

}  // namespace usdparquet
