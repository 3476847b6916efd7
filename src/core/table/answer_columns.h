#pragma once

/// \file
/// The columns that a request for Arrow tables asks for, found in the file.

#include <arrow/chunked_array.h>
#include <arrow/result.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <parquet/arrow/schema.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/schema/schema.h"

namespace usdparquet {

/// A column of the answer, and where it is in the file: names may not tell, since a column can be
/// called what a field of another one is. Refers to the schema and the manifest that it was found
/// in.
struct AnswerColumn {
  std::string name;                       ///< in the answer
  std::vector<int> steps;                 ///< the number of the column, then of the field in it, …
  std::vector<int> leaves;                ///< Parquet columns below
  std::shared_ptr<arrow::DataType> type;  ///< in the answer
  const ColumnInfo* info = nullptr;       ///< what it is to a layer, if it is one leaf with a place
};

/// The path column, then that of the times, if there is one, then the columns called `names`, each
/// name once: it is that of a column, or else of a field of a struct (`column:field`), or else of
/// the property that a column becomes. Without `names` it is all columns of the file. A name that
/// is unknown is a KeyError; one that several have, or that is no UTF-8, is Invalid.
arrow::Result<std::vector<AnswerColumn>> FindAnswerColumns(
    const TableSchema& schema, const parquet::arrow::SchemaManifest& manifest,
    const std::optional<std::vector<std::string>>& names);

/// The Parquet columns of all `columns`, ascending, each once.
std::vector<int> LeavesOf(const std::vector<const AnswerColumn*>& columns);

/// Finds columns in tables that Arrow read of some leaves: of the columns that have any, with those
/// fields that have any. Refers to its arguments.
class ReadPlaces {
 public:
  ReadPlaces(const parquet::arrow::SchemaManifest& manifest, const std::vector<int>& leaves)
      : manifest_(manifest), leaves_(leaves) {}

  /// The cells of `column`. REQUIRES: the leaves of `column` were read.
  arrow::Result<std::shared_ptr<arrow::ChunkedArray>> CellsOf(const arrow::Table& read,
                                                              const AnswerColumn& column);

 private:
  using Fields = std::vector<parquet::arrow::SchemaField>;

  /// The place of each of `fields` among those that were read.
  const std::vector<int>& PlacesOf(const Fields& fields);

  const parquet::arrow::SchemaManifest& manifest_;
  const std::vector<int>& leaves_;
  std::unordered_map<const Fields*, std::vector<int>> places_;
};

}  // namespace usdparquet
