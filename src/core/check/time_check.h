#pragma once

/// \file
/// Checks the times of a table before it is written as a layer.

#include <arrow/result.h>
#include <arrow/status.h>

#include <cstdint>
#include <functional>
#include <string>

#include "core/index/row_ordering.h"

namespace usdparquet {

/// The path of a row that was checked.
using PathOfRow = std::function<arrow::Result<std::string>(int64_t)>;

/// Fails at the first row with the path and the time of an earlier one. `name` is what messages
/// call the column.
arrow::Status CheckTimes(const std::string& name, const RowOrdering& rows,
                         const PathOfRow& path_of);

}  // namespace usdparquet
