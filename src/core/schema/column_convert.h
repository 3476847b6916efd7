#pragma once

/// \file
/// Turns Arrow columns into the layout that an Sdf type needs.

#include <arrow/chunked_array.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/schema/type_table.h"
#include "core/util/export.h"

namespace usdparquet {

/// The Arrow type of single values of `scalar`.
std::shared_ptr<arrow::DataType> ArrowTypeOf(Scalar scalar);

/// `column` as the Arrow type in which values of `shape` are stored: lists of one length become
/// fixed-size lists, numbers are cast. Fails at the first cell that has no exact place there (a
/// list of another length, a number out of range, a text that is no number); the message names
/// `name`, the row, counted from `first_row`, and what was found. `sdf_type` is what the message
/// calls the shape. Only the precision of floating-point numbers may be lost.
USDPARQUET_API arrow::Result<std::shared_ptr<arrow::ChunkedArray>> ConvertColumn(
    const std::string& name, const std::shared_ptr<arrow::ChunkedArray>& column,
    const ValueType& shape, std::string_view sdf_type, int64_t first_row = 0);

}  // namespace usdparquet
