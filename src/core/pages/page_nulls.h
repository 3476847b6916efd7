#pragma once

/// \file
/// Which cells of a page are null, from its definition levels alone.

#include <arrow/status.h>

#include <cstdint>

#include "core/pages/column_chunk.h"
#include "core/pages/page.h"
#include "core/schema/schema.h"

namespace usdparquet {

/// Decodes the levels of page `index` of `chunk` into `page`, a new one, of which nothing but its
/// rows and its presence is filled: the cells that are not null, with or without a value that USD
/// can hold. Verifies what DecodePage verifies, but for what the values are. Fails as it does.
/// Thread-safe.
arrow::Status DecodeNulls(const PageSource& source, const ColumnInfo& column,
                          const ColumnChunk& chunk, uint32_t index, Page* page);

}  // namespace usdparquet
