#pragma once

/// \file
/// Nested arrays with their children replaced.

#include <arrow/array.h>
#include <arrow/result.h>

#include <functional>
#include <memory>

namespace usdparquet {

/// A list, map or struct whose children are what `f` makes of them and of their numbers; any other
/// array is itself. Children keep their lengths.
arrow::Result<std::shared_ptr<arrow::Array>> WithChildren(
    const std::shared_ptr<arrow::Array>& array,
    const std::function<arrow::Result<std::shared_ptr<arrow::Array>>(
        const std::shared_ptr<arrow::Array>&, int)>& f);

/// The type of such an array, whose children have the types `f` makes of theirs.
std::shared_ptr<arrow::DataType> WithChildTypes(
    const std::shared_ptr<arrow::DataType>& type,
    const std::function<std::shared_ptr<arrow::DataType>(const std::shared_ptr<arrow::DataType>&)>&
        f);

}  // namespace usdparquet
