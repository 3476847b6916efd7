#pragma once

/// \file
/// Checks, before anything is written, that a table can become a layer without loss.

#include <arrow/result.h>
#include <arrow/table.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/check/cell_check.h"
#include "core/check/time_check.h"
#include "core/index/row_order.h"
#include "core/schema/property_name.h"
#include "core/schema/schema.h"
#include "core/schema/schema_entry.h"
#include "core/schema/timed_cells.h"
#include "core/util/export.h"

namespace usdparquet {

struct TableCheck {
  std::string path_column = "path";
  /// The column with the times of the rows, several of which may then have the same path. If empty,
  /// the one that the table's own footer entry names, if any.
  std::string time_column;
  /// Sdf types that columns are converted to, by column name; `rel` makes one of absolute paths, or
  /// of lists of them, a relationship.
  std::map<std::string, std::string> types;
  MetadataFields layer;  ///< metadata to add to the layer
  /// If false, it is no error if the layer leaves something out: rows without a prim path or with
  /// that of an earlier row, columns whose type USD has no place for, cells that no USD value can
  /// hold.
  bool is_strict = true;
  IdentifierTest unicode_test;
};

/// A table as it is to be written.
struct CheckedTable {
  std::shared_ptr<arrow::Table> table;
  std::string schema_json;  ///< for WriteOptions; may be empty
};

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

/// Makes the table to write, which is `table` with columns converted to `check.types`, and its
/// footer entry, which is the table's own with the types and layer metadata of `check` added.
/// Fails at the first of these; the message names column and row (from 0) and says what to do:
///   - no path column, or one that does not hold strings;
///   - a column that Parquet can't store or that OpenUSD has no place for;
///   - two columns that would become the same property;
///   - a column that can't be converted, with the first row that can't;
///   - a path that is null, no prim path, or that of an earlier row (with the same time, if there
///     are times); a time that no time code can hold;
///   - a cell of a relationship, or of a field of prims, in a row with a time;
///   - a null inside an array or tuple; a date that ISO 8601 can't express;
///   - a name, or text in a cell, that is no UTF-8.
USDPARQUET_API arrow::Result<CheckedTable> CheckTable(std::shared_ptr<arrow::Table> table,
                                                      const TableCheck& check);

/// The path in row `row` of a path column, for TableChecker::Finish.
USDPARQUET_API arrow::Result<std::string> PathAt(const arrow::ChunkedArray& paths, int64_t row);

}  // namespace usdparquet
