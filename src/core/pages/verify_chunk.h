#pragma once

/// \file
/// Whether the pages of a column chunk are what they say and add up to what the footer says: asked
/// before Arrow decodes a chunk in bulk, and before a chunk is copied.

#include <arrow/status.h>

#include <cstdint>
#include <span>
#include <string>

#include "core/pages/column_chunk.h"
#include "core/util/export.h"

namespace usdparquet {

/// How much of a chunk is looked at. In each case pages without a checksum are decoded whole, and
/// those that claim memory which Arrow would reserve; the headers of all pages are verified where
/// the source has page locations, and their counts are checked.
enum class ChunkCheck {
  kForReader,   ///< checksums are left to a reader that verifies them: Arrow's
  kChecksums,   ///< and each page against its checksum
  kValues,      ///< and each page is decoded
  kStatistics,  ///< and the nulls, of lists the levels, are those that the footer counts
};

/// Checks all pages of leaf column `leaf` in row group `row_group`, holding one at a time. The
/// first page that is not right fails with an IOError or CapacityError that does not say where it
/// is; `row`, unless it is null, is then its first row, counted from the start of the file.
/// Thread-safe.
USDPARQUET_API arrow::Status VerifyChunk(const PageSource& source, int leaf, int row_group,
                                         ChunkCheck check, int64_t* row);

/// The same of each leaf column of `leaves` in each of `row_groups`, in several threads, each of
/// which holds a page. Errors name column, row group and row, not the file; of several damaged
/// chunks the first one is told. Thread-safe.
USDPARQUET_API arrow::Status VerifyChunks(const PageSource& source, std::span<const int> leaves,
                                          std::span<const int> row_groups, ChunkCheck check);

/// `status` with the column, the row group and the first row that it is about in front.
/// Thread-safe.
USDPARQUET_API arrow::Status AtRow(const arrow::Status& status, const std::string& column,
                                   int row_group, int64_t row);

/// What messages call a leaf column: the name of the column that it belongs to.
USDPARQUET_API std::string ColumnNameOf(const parquet::FileMetaData& metadata, int leaf);

}  // namespace usdparquet
