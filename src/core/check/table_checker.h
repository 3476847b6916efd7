#pragma once

/// \file
/// CheckTable of a table that comes portion by portion.

#include <arrow/result.h>
#include <arrow/table.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/check/cell_check.h"
#include "core/check/table_check.h"
#include "core/check/time_check.h"
#include "core/index/row_ordering.h"
#include "core/schema/schema.h"
#include "core/schema/schema_entry.h"
#include "core/schema/timed_cells.h"
#include "core/util/export.h"

namespace usdparquet {

/// Checks a table that comes portion by portion, and makes the rows to write. Holds what
/// RowOrdering holds, if it is strict. Not thread-safe.
class USDPARQUET_API TableChecker {
 public:
  /// Fails for what is wrong with the columns of a table of this schema, whatever its rows.
  static arrow::Result<std::unique_ptr<TableChecker>> Make(const arrow::Schema& schema,
                                                           const TableCheck& check);

  /// The columns of the rows to write.
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  const std::string& schema_json() const { return schema_json_; }  ///< for WriteOptions
  /// Whether rows are written other than they are given.
  bool converts() const { return converts_; }

  /// The next rows, as they are to be written. Fails for a cell that can't be converted; what else
  /// is wrong with them is told at the end.
  arrow::Result<std::shared_ptr<arrow::Table>> Add(std::shared_ptr<arrow::Table> rows);

  /// After the last rows: the first that is wrong with them, in the order that CheckTable has.
  /// `path_of` gives the path of any of them again.
  arrow::Status Finish(const PathOfRow& path_of) const;

 private:
  explicit TableChecker(const TableCheck& check) : check_(check), ordering_(check.unicode_test) {}
  arrow::Status Init(const arrow::Schema& schema);
  arrow::Result<std::shared_ptr<arrow::Table>> Converted(std::shared_ptr<arrow::Table> rows) const;
  arrow::Status Look(const arrow::Table& rows);

  const TableCheck check_;
  SchemaEntry entry_;
  TableSchema given_;  // of the rows that are given, where columns are converted
  std::shared_ptr<arrow::Schema> schema_;
  std::string schema_json_;
  bool converts_ = false;
  int64_t num_rows_ = 0;
  RowOrdering ordering_;
  arrow::Status bad_rows_;               // too many, or a bad time
  std::vector<TimedCells> timed_cells_;  // by column, as they are met
  std::map<int, int64_t> bad_texts_;     // the first row, by column
  std::map<int, BadCell> bad_cells_;     // the first one, by column
};

/// The path in row `row` of a path column, for TableChecker::Finish.
USDPARQUET_API arrow::Result<std::string> PathAt(const arrow::ChunkedArray& paths, int64_t row);

}  // namespace usdparquet
