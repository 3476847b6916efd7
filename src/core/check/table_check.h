#pragma once

/// \file
/// Checks, before anything is written, that a table can become a layer without loss.
///
/// Part of the C++ interface, which is installed (docs/cpp.md).

#include <arrow/result.h>
#include <arrow/table.h>

#include <map>
#include <memory>
#include <string>

#include "core/schema/property_name.h"
#include "core/schema/schema_entry.h"
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

}  // namespace usdparquet
