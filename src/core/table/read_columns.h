#pragma once

/// \file
/// Columns of a layer's file as Arrow tables: all rows, or those of chosen prims.
///
/// Part of the C++ interface, which is installed (docs/cpp.md).

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <arrow/table.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/schema/property_name.h"
#include "core/util/export.h"

namespace usdparquet {

/// What to read of a file.
struct ReadRequest {
  std::string path_column;  ///< empty: the one that the footer names, else `path`
  /// Whether rows have paths at all. Where they have none, the answer is columns of all rows.
  bool has_paths = true;
  std::string time_column;  ///< empty: the one that the footer names, else none
  /// Columns by their names, fields of structs (`column:field`), or names of properties, which
  /// the columns of the answer get as well. All columns of the file, if not given.
  std::optional<std::vector<std::string>> columns;
  /// The prims whose rows to read, in that order; all rows of the file, if not given.
  std::optional<std::vector<std::string>> paths;
  /// Instead of `paths`: a prim to read with all prims below it, in namespace order.
  std::optional<std::string> under;
  IdentifierTest unicode_test;
};

/// What was read.
struct ReadAnswer {
  /// The path column first, then that of the times, if the table is long, then the columns of the
  /// request, in their stored types. A prim without a row gets one that is null but for the path.
  std::shared_ptr<arrow::Table> table;
  bool has_times = false;            ///< whether the second column is that of the times
  std::vector<std::string> missing;  ///< the first few paths without a row
  int64_t num_missing = 0;
  /// That an index in the file is damaged and was not used. Each names the file.
  std::vector<std::string> warnings;
};

/// Reads the Parquet file `file`. Finds rows through the path index (embedded, or else built) and
/// decodes only the pages that hold them, where the column's type allows. Columns that would be in
/// the way of a layer, such as two that become one property, are in nobody's way here. Text that is
/// no UTF-8 in a cell of the answer is an error. A prim with
/// several rows is read from the last one; with a time column, from the row without a time, then
/// those of all times in order. `name` is what messages call the file; each starts with it.
USDPARQUET_API arrow::Result<ReadAnswer> ReadColumns(
    std::shared_ptr<arrow::io::RandomAccessFile> file, const std::string& name,
    const ReadRequest& request);

class Table;
struct TableOptions;

/// Opens what is to be read as a table with these options.
using TableOpener = std::function<arrow::Result<std::shared_ptr<Table>>(TableOptions)>;

/// The same of what `open` opens, such as a dataset, whose columns are read by row groups.
USDPARQUET_API arrow::Result<ReadAnswer> ReadColumns(const TableOpener& open,
                                                     const std::string& name,
                                                     const ReadRequest& request);

}  // namespace usdparquet
