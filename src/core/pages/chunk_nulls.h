#pragma once

/// \file
/// What the footer tells of the nulls in a column chunk.

#include <parquet/metadata.h>

#include <cstdint>

#include "core/schema/schema.h"

namespace usdparquet {

/// How many cells of a column chunk are null.
enum class ChunkNulls : uint8_t {
  kUnasked,  ///< nobody asked the footer yet
  kNone,
  kSome,  ///< some, or the footer does not tell
  kAll,
};

/// What the footer says of `column` in row group `row_group`; reads no page. What it claims is not
/// checked, but that all cells are null is believed of a sealed file alone, which usdparquet wrote.
/// In others the pages are asked, which are small if it is so: who believes a writer that was wrong
/// loses the cells without a word. Thread-safe.
ChunkNulls NullsOfChunk(const parquet::FileMetaData& metadata, bool is_sealed,
                        const ColumnInfo& column, int row_group);

}  // namespace usdparquet
