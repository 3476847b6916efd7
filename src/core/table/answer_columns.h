#pragma once

/// \file
/// The columns that a request for Arrow tables asks for, found in the file.

#include <arrow/chunked_array.h>
#include <arrow/result.h>
#include <arrow/type.h>
#include <parquet/arrow/schema.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/schema/schema.h"

namespace usdparquet {

/// A column of the answer, and where it is in the file. Refers to the schema and the manifest that
/// it was found in.
struct AnswerColumn {
  std::string name;                          ///< in the answer
  const parquet::arrow::SchemaField* field;  ///< the column, or the field of a struct
  std::vector<std::string> steps;            ///< names from the column down to the field
  std::vector<int> leaves;                   ///< Parquet columns below
  std::shared_ptr<arrow::DataType> type;     ///< in the answer
  const ColumnInfo* info = nullptr;  ///< what it is to a layer, if it is one leaf and has a place
};

/// The path column, then the columns called `names`: names of columns, of fields of structs
/// (`column:field`), or else of the properties that columns become. Without `names` it is all
/// columns of the file. An unknown name is a KeyError.
arrow::Result<std::vector<AnswerColumn>> FindAnswerColumns(
    const TableSchema& schema, const parquet::arrow::SchemaManifest& manifest,
    const std::optional<std::vector<std::string>>& names);

/// The Parquet columns of all `columns`, ascending, each once.
std::vector<int> LeavesOf(const std::vector<const AnswerColumn*>& columns);

/// The part of `stored`, a column as the file has it, that `column` stands for.
arrow::Result<std::shared_ptr<arrow::ChunkedArray>> FieldOf(
    std::shared_ptr<arrow::ChunkedArray> stored, const AnswerColumn& column);

}  // namespace usdparquet
