#pragma once

/// \file
/// What is written last into every file of ours: where its pages lie, and the seal of its footer.

#include <arrow/result.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/metadata.h>

#include <cstdint>
#include <memory>

#include "core/util/replace_file.h"

namespace usdparquet {

/// Entries without those that SealFile fills in, and these behind them, empty. A footer is written
/// with what this returns. `entries` may be null.
std::shared_ptr<arrow::KeyValueMetadata> WithUnsealedEntries(
    const std::shared_ptr<const arrow::KeyValueMetadata>& entries);

/// Completes a file that was written but for this, footer included: reads the header of each page
/// back, puts the page locations where the footer is and the footer behind them, and seals it.
/// `metadata` is that of the footer, as a reader has it or, of pages of this program, as it was
/// written; `path_leaf` and `time_leaf` (-1: none) are the columns of the
/// fingerprint. Returns the size of the file. Fails if a page is not where the footer says; Arrow's
/// Parquet classes may throw.
arrow::Result<int64_t> SealFile(ReplaceFile* file, const parquet::FileMetaData& metadata,
                                int path_leaf, int time_leaf);

}  // namespace usdparquet
