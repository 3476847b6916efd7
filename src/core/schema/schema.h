#pragma once

/// \file
/// What the columns of a Parquet file are to USD.

#include <arrow/result.h>
#include <parquet/arrow/schema.h>
#include <parquet/metadata.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/schema/property_name.h"
#include "core/schema/schema_entry.h"
#include "core/schema/type_table.h"
#include "core/util/export.h"

namespace usdparquet {

/// How stored values become those of a decoded page.
enum class Conversion : uint8_t {
  kNone,       ///< stored as it is read
  kDecimal,    ///< unscaled integer -> double
  kDate,       ///< days since 1970-01-01 -> ISO 8601 text
  kTimestamp,  ///< ticks since 1970-01-01T00:00 -> ISO 8601 text
  kTime,       ///< ticks since midnight -> ISO 8601 text
  kNarrow8,    ///< the lower 8 bits of 32, as Arrow takes them: only damage sets others
  kNarrow16,   ///< the lower 16 bits of 32
};

/// Why a text can't be a cell's value, or part of it, as the end of a sentence that begins with
/// "the cell"; null if it can. The text is UTF-8. Thread-safe.
using TextTest = const char* (*)(std::string_view text);

/// One leaf column of the file that is presented, mostly as a property. Immutable.
struct ColumnInfo {
  int leaf = -1;              ///< index of the leaf column in the Parquet schema
  int top = -1;               ///< index of the column of the file that it is, or is a field of
  std::string column_name;    ///< as stored; `column:field` for the field of a struct
  std::string property_name;  ///< the USD property name
  ValueType type;             ///< the shape of the values as USD sees them
  std::string sdf_type;       ///< Sdf type name, by default SdfTypeName(type)
  std::string storage;        ///< Arrow's name for the stored type, for people

  bool is_path = false;  ///< its cells are prim paths, to be judged as such

  // What the schema entry adds to name and type; see ColumnEntry.
  ColumnRole role = ColumnRole::kAttribute;
  std::string field;         ///< the field that a column of prim metadata becomes
  std::string display_name;  ///< the column's name, where the property's had to be changed
  bool is_uniform = false;
  bool is_custom = false;
  NullMeaning null = NullMeaning::kNoProperty;
  MetadataFields metadata;

  /// Judges each text of its cells; null: every text in UTF-8 can be a value.
  TextTest text_test = nullptr;

  Scalar stored_scalar = Scalar::kDouble;  ///< scalar before TupleStorage widening
  Conversion conversion = Conversion::kNone;
  int ticks_per_second_log10 = 0;  ///< for timestamps and times: 3, 6 or 9
  bool is_utc = false;             ///< for timestamps: written with a `Z`
  int decimal_scale = 0;

  // Levels of the Dremel encoding; see
  // https://parquet.apache.org/docs/file-format/nestedencoding/.
  int16_t max_def = 0;
  int16_t max_rep = 0;
  int16_t list_def = 0;   ///< from here on the array has an element; 0: no array
  int16_t tuple_def = 0;  ///< from here on the tuple has a component; 0: no stored tuple
};

/// A column that has no place in USD, with the reason.
struct LeftOutColumn {
  int top = -1;             ///< as that of ColumnInfo
  std::string column_name;  ///< valid UTF-8, whatever the file has
  std::string reason;
  bool is_null = false;  ///< it has Arrow's type of no values: all cells are null
};

/// The columns of a file, in file order.
struct TableSchema {
  std::vector<ColumnInfo> columns;
  std::vector<LeftOutColumn> left_out;
  std::vector<std::string> missing;  ///< columns that the entry describes, but which are not there
  std::optional<ColumnInfo> path;    ///< the path column, if one was named; it is no property
  std::optional<ColumnInfo> time;    ///< the time column, if one was named; it is no property
};

/// What columns are wanted as, and so what is wrong with them.
enum class WantedAs {
  kProperties,  ///< two that become one property, or an entry that does not fit, are errors
  kCells,       ///< they are not: columns are told apart by their place in the file
};

/// What messages call a column of a file or of a table, or a field of one.
struct ColumnName {
  std::string top;   ///< the name of the column
  std::string name;  ///< the same, or `column:field` for a field of a struct
};

/// Two of them in words, that of the earlier one first. A column `a:b` is told from the field `b`
/// of a column `a`.
USDPARQUET_API std::string TwoColumns(const ColumnName& one, const ColumnName& other);

/// Derives the schema from a file's footer. `path_column` names the path column and `time_column`
/// that with the times, if they are not empty; `selected`, if given, the columns to present;
/// `entry` is what the file says about its columns. Fails if the path column is missing or does not
/// hold strings, the time column is missing, a selected column does not exist, two columns make one
/// property name, or the entry gives a column what its stored type can't be; the last two only of
/// columns that are presented, as properties. The message does not name the file: the caller does.
USDPARQUET_API arrow::Result<TableSchema> ReadSchema(
    const parquet::FileMetaData& metadata, const SchemaEntry& entry, const std::string& path_column,
    const std::string& time_column, const std::optional<std::vector<std::string>>& selected,
    const IdentifierTest& unicode_test, WantedAs use = WantedAs::kProperties);

}  // namespace usdparquet
