#pragma once

/// \file
/// What a table must be to become a layer without loss, checked before anything is written.

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
  /// The column with the times of the rows, of which several then share a path; empty: the one that
  /// the table itself names, else none.
  std::string time_column;
  /// Sdf types that columns must have, by column name; they are converted.
  std::map<std::string, std::string> types;
  MetadataFields layer;  ///< metadata that the layer is to have
  /// If false, what the layer would leave out is no error: rows without a prim path or with that of
  /// an earlier row, columns of a type without a place, cells that no USD value can hold.
  bool is_strict = true;
  IdentifierTest unicode_test;
};

/// What to write.
struct CheckedTable {
  std::shared_ptr<arrow::Table> table;
  std::string schema_json;  ///< for WriteOptions; empty if there is nothing to say
};

/// The table to write: `table` with its columns converted to `check.types`, and what the footer is
/// to say of it: the entry that the table has of its own, with the types and the layer's metadata
/// of `check`. Fails at the first of what follows; the message names column and row (from 0) and
/// what to do:
///   no path column, or one that holds no strings; a column that Parquet cannot store, or that
///   OpenUSD has no place for; two columns that become one property; a column that cannot have its
///   demanded type, with the first row that cannot; a null path, one that is no prim path, one that
///   an earlier row has (with the same time, if there are times); a time that is no time code; a
///   null inside an array or tuple; a date that ISO 8601 cannot write.
USDPARQUET_API arrow::Result<CheckedTable> CheckTable(std::shared_ptr<arrow::Table> table,
                                                      const TableCheck& check);

}  // namespace usdparquet
