#pragma once

/// \file
/// A column of a dataset in one of its row groups.

#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/pages/chunk_nulls.h"
#include "core/pages/column_chunk.h"
#include "core/pages/page.h"
#include "core/pages/page_decoder.h"
#include "core/schema/schema.h"
#include "core/table/part_files.h"

namespace usdparquet {

/// Reads a column from the files that have it. Where a file does not have it, its cells are null,
/// and those of a partition column are what the name of the file's folder says.
///
/// Thread-safety: immutable; all functions may be called from any thread.
class PartColumn {
 public:
  /// REQUIRES: `parts` outlives this.
  PartColumn(const PartFiles& parts, const ColumnInfo& column);

  /// The pages of row group `group`. Messages of errors name the file.
  arrow::Result<std::unique_ptr<ColumnChunk>> Locate(uint32_t group, PageCache& cache) const;
  /// As DecodePage, of a chunk that Locate made.
  arrow::Status Decode(ColumnChunk& chunk, uint32_t index, PageCache& cache, Page* page,
                       BadCells* bad) const;
  /// As usdparquet::DecodeNulls, of a chunk that Locate made.
  arrow::Status DecodeNulls(const ColumnChunk& chunk, uint32_t index, PageCache& cache,
                            Page* page) const;
  /// What the footer of the file tells; kSome where it can't be read.
  ChunkNulls NullsOf(uint32_t group) const;

 private:
  /// The column in the file of a group; null if all cells there are the same.
  const ColumnInfo* InfoAt(uint32_t group) const;
  /// The cell of all rows of a group. REQUIRES: InfoAt is null.
  std::optional<std::string> ValueAt(uint32_t group) const;
  void Fill(const ColumnChunk& chunk, uint32_t index, Page* page) const;

  const PartFiles& parts_;
  const ColumnInfo& column_;
  const std::vector<std::optional<ColumnInfo>> local_;  // by schema
  const std::optional<size_t> partition_;
};

}  // namespace usdparquet
