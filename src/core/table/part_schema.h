#pragma once

/// \file
/// The columns of all files of a dataset as those of one table.

#include <arrow/result.h>
#include <parquet/metadata.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/schema/schema.h"
#include "core/table/part_list.h"
#include "core/util/export.h"

namespace usdparquet {

/// The columns of a file that have a place in a layer, by their names.
using ColumnsByName = std::unordered_map<std::string, ColumnInfo>;

struct UnifiedSchema {
  /// A footer without row groups that has every column once, all of them optional.
  std::shared_ptr<parquet::FileMetaData> metadata;
  ColumnsByName columns;
  std::vector<ColumnsByName> of_schemas;  ///< as PartList::schemas
};

/// Puts the columns of all schemas together by their names: in the order of the first files that
/// have them, and the partition columns behind them. Of a column that is both, the partition
/// counts. Fails if a column has two types, with both files. Arrow's Parquet classes may throw.
arrow::Result<UnifiedSchema> UnifySchemas(const PartList& list);

/// Whether both are stored alike, but for their place in the schema.
bool AreStoredAlike(const ColumnInfo& a, const ColumnInfo& b);

/// A footer without row groups that has the schema of `metadata`, and of its key-value metadata
/// what tells the types of the columns and what they are to a layer.
USDPARQUET_API std::shared_ptr<parquet::FileMetaData> SchemaFooter(
    const parquet::FileMetaData& metadata);

}  // namespace usdparquet
