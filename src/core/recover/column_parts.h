#pragma once

/// \file
/// The parts of a column that can be lost apart from each other.

#include <arrow/type.h>
#include <parquet/arrow/schema.h>
#include <parquet/schema.h>

#include <memory>
#include <string>
#include <vector>

namespace usdparquet {

/// A column, or a field of a struct column (or of a struct in it) that is no struct itself. The
/// fields of a struct inside a list are one part with it.
struct ColumnPart {
  std::string name;         ///< `column:field` for the field of a struct
  std::vector<int> steps;   ///< numbers of the fields, from the column down; empty: all of it
  std::vector<int> leaves;  ///< of the file's schema
  /// The column as if it had this part only, in Arrow's types and in Parquet's.
  std::shared_ptr<arrow::Field> field;
  parquet::schema::NodePtr node;
};

/// The leaves of a column, in the order of the file.
std::vector<int> LeavesOf(const parquet::arrow::SchemaField& column);

/// The parts of a column, whose node in the file's schema is `node`. May throw.
std::vector<ColumnPart> PartsOf(const parquet::arrow::SchemaField& column,
                                const parquet::schema::Node& node);

/// Whether a part of the column cannot be null as the file has it.
bool HasRequiredPart(const arrow::Field& field);

/// `field` as one that can lose any part.
std::shared_ptr<arrow::Field> WithNullableParts(const std::shared_ptr<arrow::Field>& field);

/// `field` with names, its own and those of its parts, that are UTF-8: with a U+FFFD for each byte
/// that is not.
std::shared_ptr<arrow::Field> WithReadableNames(const std::shared_ptr<arrow::Field>& field);

}  // namespace usdparquet
