#pragma once

/// \file
/// Gathers the cells of chosen rows from decoded pages into Arrow arrays.

#include <arrow/array.h>
#include <arrow/result.h>
#include <parquet/metadata.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "core/pages/column_chunk.h"
#include "core/schema/schema.h"
#include "core/util/export.h"

namespace usdparquet {

/// Whether GatherCells can give the values of `column` as they are stored, as Arrow type `type`.
bool CanGather(const ColumnInfo& column, const parquet::FileMetaData& metadata,
               const arrow::DataType& type);

/// The cells of `column` at `rows` (ascending, each once) as an array of `type`. Decodes the pages
/// with these rows and no other. Gives a null pointer if one of the pages has a cell that decoded
/// pages have no place for, such as a list with a null in it: then read it another way.
/// REQUIRES: CanGather(column, metadata, type).
arrow::Result<std::shared_ptr<arrow::Array>> GatherCells(
    const PageSource& source, const ColumnInfo& column,
    const std::shared_ptr<arrow::DataType>& type, const std::vector<uint32_t>& rows);

/// All cells of `column` as the values that a layer presents, as an array of `type`: the Arrow type
/// of ColumnInfo::type, whose texts and lists have 32-bit offsets. A null is a cell without a
/// value. Decodes every page once, past the cache; the array is in BlockPool(). Gives a null
/// pointer if a cell holds what no USD value can, or if the values are too many for `type`. Errors
/// name the column and the row. Thread-safe.
USDPARQUET_API arrow::Result<std::shared_ptr<arrow::Array>> ReadValues(
    const PageSource& source, const ColumnInfo& column,
    const std::shared_ptr<arrow::DataType>& type);

}  // namespace usdparquet
