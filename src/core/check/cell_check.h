#pragma once

/// \file
/// Finds cells of Arrow tables that no USD value can hold.

#include <arrow/chunked_array.h>

#include <cstdint>
#include <optional>
#include <string>

#include "core/util/export.h"

namespace usdparquet {

/// A cell without a USD value, and why it has none.
struct BadCell {
  int64_t row = 0;
  std::string reason;  ///< the end of a sentence, such as "has a null inside its array or tuple"
};

/// The first non-null cell of `column` that a layer would present without a value.
USDPARQUET_API std::optional<BadCell> FindBadCell(const arrow::ChunkedArray& column);

}  // namespace usdparquet
