#pragma once

/// \file
/// Columns whose values are in the names of folders: `year=2024/month=5/part-0.parquet`.

#include <arrow/result.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/table/part_list.h"
#include "core/util/export.h"

namespace usdparquet {

/// The keys in the folders of a file's name, decoded (`%3D` is `=`), and their values;
/// `__HIVE_DEFAULT_PARTITION__` is none. Fails for text that is no UTF-8, and for a key that two
/// folders have.
USDPARQUET_API arrow::Result<std::vector<std::pair<std::string, std::optional<std::string>>>>
HiveKeysOf(const std::string& name);

/// Sets the partition columns of a list, and their values of each part, from the parts' names. A
/// column is of integers if all its values are, else of texts; where a name does not have a key,
/// the value is none.
arrow::Status SetPartitions(PartList* list);

/// Whether a value is one of the type.
bool IsOfType(const std::string& text, PartitionColumn::Type type);

}  // namespace usdparquet
