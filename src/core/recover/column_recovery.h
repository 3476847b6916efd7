#pragma once

/// \file
/// Reads a column of a row group as far as it can be read.

#include <arrow/result.h>

#include <vector>

#include "core/recover/column_cells.h"
#include "core/recover/damaged_file.h"

namespace usdparquet {

/// The cells of top-level column number `column` in row group `row_group`, with all checksums
/// verified: in one part if the chunk is sound, else part by part and page by page, so that only
/// the cells of damaged pages are lost. Fails only if there is not enough memory.
arrow::Result<std::vector<PartCells>> RecoverColumn(const DamagedFile& file, int column,
                                                    int row_group);

}  // namespace usdparquet
