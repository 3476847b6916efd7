#include "core/pages/chunk_nulls.h"

#include <parquet/size_statistics.h>
#include <parquet/statistics.h>

#include "core/util/guard.h"

namespace usdparquet {
namespace {

/// The definition level from which on a cell is not null.
int16_t LevelOfCells(const ColumnInfo& column) {
  if (column.max_rep == 0) return column.max_def;
  return static_cast<int16_t>((column.list_def > 0 ? column.list_def : column.tuple_def) - 1);
}

ChunkNulls OfCount(int64_t nulls, int64_t rows) {
  return nulls == 0 ? ChunkNulls::kNone : nulls == rows ? ChunkNulls::kAll : ChunkNulls::kSome;
}

ChunkNulls Ask(const parquet::FileMetaData& metadata, const ColumnInfo& column, int row_group) {
  const int16_t level = LevelOfCells(column);
  if (level <= 0) return ChunkNulls::kNone;
  const auto group = metadata.RowGroup(row_group);
  const int64_t rows = group->num_rows();
  const auto chunk = group->ColumnChunk(column.leaf);
  if (column.max_rep == 0) {
    const auto statistics = chunk->encoded_statistics();
    if (!statistics || !statistics->has_null_count) return ChunkNulls::kSome;
    return OfCount(statistics->null_count, rows);
  }
  // The null count is one of leaves, of which an empty list has one too. But a row that is null
  // has one level, below that of the cells, and in a column of tuples all others have more.
  if (column.list_def == 0 && chunk->num_values() == rows * column.type.tuple) {
    return ChunkNulls::kNone;
  }
  const auto sizes = chunk->size_statistics();
  if (!sizes || sizes->definition_level_histogram.size() != static_cast<size_t>(column.max_def) + 1)
    return ChunkNulls::kSome;
  int64_t nulls = 0;
  for (int16_t i = 0; i < level; ++i) {
    const int64_t count = sizes->definition_level_histogram[static_cast<size_t>(i)];
    if (count < 0 || count > rows - nulls) return ChunkNulls::kSome;
    nulls += count;
  }
  return OfCount(nulls, rows);
}

}  // namespace

ChunkNulls NullsOfChunk(const parquet::FileMetaData& metadata, bool is_sealed,
                        const ColumnInfo& column, int row_group) {
  ChunkNulls nulls = ChunkNulls::kSome;
  // Damaged statistics tell nothing.
  const arrow::Status asked = Guarded([&] {
    nulls = Ask(metadata, column, row_group);
    return arrow::Status::OK();
  });
  if (!asked.ok()) return ChunkNulls::kSome;
  return nulls == ChunkNulls::kAll && !is_sealed ? ChunkNulls::kSome : nulls;
}

}  // namespace usdparquet
