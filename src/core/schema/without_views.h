#pragma once

/// \file
/// Arrow's view types, which some of its functions do not know, replaced by types with the same
/// values.

#include <arrow/result.h>
#include <arrow/table.h>

#include <memory>
#include <string>

#include "core/util/export.h"

namespace usdparquet {

/// `type` with large_string and large_binary in place of string_view and binary_view, also inside
/// lists and structs.
std::shared_ptr<arrow::DataType> WithoutViews(const std::shared_ptr<arrow::DataType>& type);

/// `table` with its columns cast to such types: Arrow cannot put views into another order.
USDPARQUET_API arrow::Result<std::shared_ptr<arrow::Table>> WithoutViews(
    std::shared_ptr<arrow::Table> table);

/// The same, with `column` decoded if it is a dictionary. For the path column: written as a
/// dictionary it would be read as one, and paths are better off without.
USDPARQUET_API arrow::Result<std::shared_ptr<arrow::Table>> WithoutViewsAndDictionary(
    std::shared_ptr<arrow::Table> table, const std::string& column);

}  // namespace usdparquet
