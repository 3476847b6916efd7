#pragma once

/// \file
/// Finds text in Arrow's arrays that is no UTF-8. Parquet's and Arrow's texts have to be, but no
/// writer and no reader checks.

#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/status.h>
#include <arrow/type.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/util/export.h"

namespace usdparquet {

/// What a message says of a cell with such text: the end of a sentence that begins with "the cell".
inline constexpr char kBadText[] = "is text that is no valid UTF-8";

/// Whether a column of that type can hold text, at any depth.
USDPARQUET_API bool HoldsText(const arrow::DataType& type);

/// The first row of `array` whose cell, or any element or field within, is text that is no UTF-8.
USDPARQUET_API std::optional<int64_t> FindBadText(const arrow::Array& array);
USDPARQUET_API std::optional<int64_t> FindBadText(const arrow::ChunkedArray& column);

/// Fails for the first column of `schema`, or field within one, whose name is no UTF-8.
USDPARQUET_API arrow::Status CheckNamesAreText(const arrow::Schema& schema);

/// The error for text of the column `name` in `row` that is no UTF-8. `advice` says what to do.
USDPARQUET_API arrow::Status BadTextError(const std::string& name, int64_t row,
                                          std::string_view advice);

/// Advice where a file has the text, and where a table has it that is to be written.
inline constexpr char kRecoverText[] =
    "write the file again with UTF-8, or save all other cells with 'usdparquet recover'";
inline constexpr char kCorrectText[] = "write the text as UTF-8, or the column as binary";

}  // namespace usdparquet
