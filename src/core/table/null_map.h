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
#include "core/util/row_divider.h"

namespace usdparquet {

/// Tells null cells from others: by the footer where that tells, else by the definition levels of
/// their pages. No value is decoded. What is kept of pages is in the page cache, and so are
/// *blocks*, which answer for all columns of a row at once: rows of bits, one a column.
///
/// Thread-safety: after Init, all functions may be called from any number of threads.
class USDPARQUET_API NullMap {
 public:
  NullMap() = default;
  /// Drops the blocks. REQUIRES: no thread reads one.
  ~NullMap();
  NullMap(const NullMap&) = delete;
  NullMap& operator=(const NullMap&) = delete;

  /// Reads nothing. `source`, `columns` and the readers of the columns must outlive the map. To be
  /// called first, and once.
  void Init(const ColumnSource& source, const std::vector<ColumnInfo>& columns,
            ColumnReader* readers);

  /// Whether a cell is null. One that can't be read is. REQUIRES: column and row are of the table.
  bool IsNull(size_t column, uint32_t row) {
    const uint32_t group = GroupOf(row);
    const Group* const known = groups_[group].load(std::memory_order_acquire);
    const ChunkNulls nulls =
        known ? known->chunks[column].load(std::memory_order_relaxed) : ChunkNulls::kUnasked;
    if (nulls == ChunkNulls::kNone) return false;
    return nulls == ChunkNulls::kAll || AskPage(column, row, group);
  }

  /// A bit for each column, in words of 64: set for the properties that a prim has by this row,
  /// which are those whose cell is not null, or where a null is a property too. Null if it has all
  /// of them. Valid as long as `guard`. REQUIRES: row is one of the table.
  const uint64_t* PropertiesIn(uint32_t row, EpochGuard& guard);
  /// The bits of all properties, and of those that every prim with a row has, whatever is null.
  const std::vector<uint64_t>& all_properties() const { return all_; }
  const std::vector<uint64_t>& declared_properties() const { return declared_; }

 private:
  enum class Fullness : uint8_t { kUnasked, kFull, kNotFull };

  struct Group {
    std::unique_ptr<std::atomic<ChunkNulls>[]> chunks;  // by column
    std::atomic<Fullness> fullness{Fullness::kUnasked};
    std::unique_ptr<PageSlot[]> blocks;
  };

  uint32_t GroupOf(uint32_t row) const {
    return rows_per_group_ ? rows_per_group_.Quotient(row) : file_->GroupOf(row);
  }
  uint32_t RowsOf(uint32_t group) const {
    return file_->group_first_rows()[group + 1] - file_->group_first_rows()[group];
  }
  uint32_t NumBlocks(uint32_t group) const {
    return static_cast<uint32_t>((uint64_t{RowsOf(group)} + rows_per_block_ - 1) / rows_per_block_);
  }

  Group& GroupAt(uint32_t group);
  ChunkNulls NullsOf(size_t column, uint32_t group);
  bool IsFull(uint32_t group);
  bool AskPage(size_t column, uint32_t row, uint32_t group);
  void LoadBlock(uint32_t group, uint32_t block, CachedPage* entry);
  bool FillWord(size_t word, uint32_t group, bool reports, Page* block);
  bool FillColumn(size_t column, uint32_t group, uint32_t row, uint32_t count, bool reports,
                  uint64_t* bits);

  const std::vector<ColumnInfo>* columns_ = nullptr;
  ColumnReader* readers_ = nullptr;
  const TableFile* file_ = nullptr;
  PageCache* cache_ = nullptr;
  RowDivider rows_per_group_;
  uint32_t rows_per_block_ = 0;                    // a multiple of 64
  std::vector<uint64_t> declared_;                 // those of all_ where a null is one too
  std::vector<uint64_t> all_;                      // a bit a column: those that are properties
  std::unique_ptr<std::atomic<Group*>[]> groups_;  // made when first asked for
  std::mutex mutex_;                               // for making them
  ColumnUse use_;                                  // of the blocks
};

}  // namespace usdparquet
