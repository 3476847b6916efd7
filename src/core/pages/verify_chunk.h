#pragma once

/// \file
/// Verifies the pages of a column chunk without presenting them: what is copied or read in bulk is
/// verified first.

#include <arrow/status.h>

#include "core/pages/column_chunk.h"
#include "core/schema/schema.h"
#include "core/util/export.h"

namespace usdparquet {

/// Verifies every page of leaf `leaf` in row group `row_group`: the checksum of its header, where
/// the source has page locations; the checksum of its body, where its header has one; that the
/// pages fill the chunk and hold as many values as the footer says. Where a page has no checksum
/// of its body, all pages of the chunk are decoded as well, as `column` if that is given, else by
/// Arrow. Linear in the bytes of the chunk; holds a page, or where it decodes without `column`,
/// the chunk. Thread-safe.
///
/// An error says column, row group and row: "column 'cost', row group 0, from row 64: ...". It does
/// not name the file.
USDPARQUET_API arrow::Status VerifyChunk(const PageSource& source, int leaf, int row_group,
                                         const ColumnInfo* column = nullptr);

}  // namespace usdparquet
