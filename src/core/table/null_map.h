#pragma once

/// \file
/// Which cells of a table are null.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/pages/chunk_nulls.h"
#include "core/schema/schema.h"
#include "core/table/column_reader.h"
#include "core/util/export.h"

namespace usdparquet {

/// Tells null cells from others: by the footer where that tells, else by the definition levels of
/// their pages. No value is decoded. What is kept of pages is in the page cache.
///
/// Thread-safety: after Init, all functions may be called from any number of threads.
class USDPARQUET_API NullMap {
 public:
  NullMap() = default;
  ~NullMap();
  NullMap(const NullMap&) = delete;
  NullMap& operator=(const NullMap&) = delete;

  /// Reads nothing. `source`, `columns` and the readers of the columns must outlive the map. To be
  /// called first, and once.
  void Init(const ColumnSource& source, const std::vector<ColumnInfo>& columns,
            ColumnReader* readers);

  /// Whether a cell is null. One that can't be read is. REQUIRES: column and row are of the table.
  bool IsNull(size_t column, uint32_t row) {
    const uint32_t group = rows_per_group_ != 0 ? row / rows_per_group_ : file_->GroupOf(row);
    const Group* const known = groups_[group].load(std::memory_order_acquire);
    const ChunkNulls nulls =
        known ? known->chunks[column].load(std::memory_order_relaxed) : ChunkNulls::kUnasked;
    if (nulls == ChunkNulls::kNone) return false;
    return nulls == ChunkNulls::kAll || AskPage(column, row, group);
  }

 private:
  struct Group {
    std::unique_ptr<std::atomic<ChunkNulls>[]> chunks;  // by column
  };

  Group& GroupAt(uint32_t group);
  ChunkNulls NullsOf(size_t column, uint32_t group);
  bool AskPage(size_t column, uint32_t row, uint32_t group);

  const std::vector<ColumnInfo>* columns_ = nullptr;
  ColumnReader* readers_ = nullptr;
  const TableFile* file_ = nullptr;
  uint32_t rows_per_group_ = 0;
  std::unique_ptr<std::atomic<Group*>[]> groups_;  // made when first asked for
  std::mutex mutex_;                               // for making them
};

}  // namespace usdparquet
