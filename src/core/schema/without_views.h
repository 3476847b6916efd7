#pragma once

/// \file
/// Arrow types that some of its functions do not know, as others of the same values.

#include <arrow/result.h>
#include <arrow/table.h>

#include <memory>
#include <string>

#include "core/util/export.h"

namespace usdparquet {

/// `type` with string_view and binary_view, also inside lists and structs, as large_string and
/// large_binary.
std::shared_ptr<arrow::DataType> WithoutViews(const std::shared_ptr<arrow::DataType>& type);

/// `table` with columns of such types: Arrow cannot put the rows of views into another order.
USDPARQUET_API arrow::Result<std::shared_ptr<arrow::Table>> WithoutViews(
    std::shared_ptr<arrow::Table> table);

/// The same, and `column`, if it is a dictionary, as what is in it: Arrow reads dictionaries only
/// where the file has one, which paths are better without.
USDPARQUET_API arrow::Result<std::shared_ptr<arrow::Table>> WithoutViewsAndDictionary(
    std::shared_ptr<arrow::Table> table, const std::string& column);

}  // namespace usdparquet
