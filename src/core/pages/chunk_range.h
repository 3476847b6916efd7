#pragma once

/// \file
/// Which bytes of the file a column chunk may take.

#include <arrow/result.h>
#include <parquet/metadata.h>

#include <cstdint>

#include "core/util/export.h"

namespace usdparquet {

/// Where the footer says that a column chunk lies, checked against the size of the file. The pages
/// follow each other from `begin` on, and what each of them is, its header says: writers leave out
/// where the dictionary page is, or say it wrong.
struct ChunkRange {
  int64_t begin = 0;      ///< of the first page
  int64_t data_page = 0;  ///< where the footer says that the first data page is
  int64_t end = 0;        ///< as the footer says
  int64_t limit = 0;      ///< no page ends behind it; more than `end` where a writer left bytes out

  int64_t size() const { return end - begin; }
};

/// The range of a chunk of the file with that footer, as Arrow's own reader computes it; an IOError
/// if the file can't have it. Arrow's Parquet classes may throw. Thread-safe.
USDPARQUET_API arrow::Result<ChunkRange> RangeOfChunk(const parquet::FileMetaData& metadata,
                                                      const parquet::ColumnChunkMetaData& chunk,
                                                      int64_t file_size);

/// Whether the pages of version 2 of a file with that footer are compressed whatever their headers
/// say: Arrow before 3.0 said wrongly that they are not. Thread-safe.
USDPARQUET_API bool IsAlwaysCompressed(const parquet::FileMetaData& metadata);

}  // namespace usdparquet
