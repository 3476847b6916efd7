#pragma once

/// \file
/// Cells of Arrow tables that no USD value can hold.

#include <arrow/chunked_array.h>

#include <cstdint>
#include <optional>
#include <string>

#include "core/util/export.h"

namespace usdparquet {

/// A cell, and why it has no USD value.
struct BadCell {
  int64_t row = 0;
  std::string reason;  ///< as the end of a sentence: "has a null inside its array or tuple"
};

/// The first cell of `column` that would be presented without a value although it is not null.
USDPARQUET_API std::optional<BadCell> FindBadCell(const arrow::ChunkedArray& column);

}  // namespace usdparquet
