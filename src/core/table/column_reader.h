#pragma once

/// \file
/// One column of an open file, page by page through the page cache.

#include <arrow/result.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/pages/chunk_nulls.h"
#include "core/pages/column_chunk.h"
#include "core/pages/page_cache.h"
#include "core/pages/page_decoder.h"
#include "core/schema/schema.h"
#include "core/table/part_column.h"
#include "core/table/table_file.h"
#include "core/util/export.h"
#include "core/util/row_divider.h"

namespace usdparquet {

/// Called for what goes wrong while cells are read: `is_error` for damage, else for cells that are
/// left without a value. May be called from any thread that reads.
using ReadReport = std::function<void(bool is_error, const std::string& message)>;

/// What the columns of a file share. Refers to `file` and `cache`.
struct ColumnSource {
  ColumnSource(const TableFile& table_file, PageCache& page_cache, std::string file_name,
               ReadReport read_report);

  PageSource Pages() const { return file.Pages(cache); }

  const TableFile& file;
  PageCache& cache;
  const std::string name;   ///< what messages call the file
  const ReadReport report;  ///< may be empty
  /// An all-null chunk array, shared by every column not read yet: a wide file has thousands of
  /// columns and of row groups.
  const std::unique_ptr<std::atomic<ColumnChunk*>[]> no_chunks;
};

/// A column and its chunks, which are located when first touched. Errors and cells without a USD
/// value are reported once a column.
///
/// Thread-safety: after Init, every function may be called from any number of threads.
class USDPARQUET_API ColumnReader {
 public:
  ColumnReader() = default;
  /// Drops the column's pages. REQUIRES: no thread reads one.
  ~ColumnReader();
  ColumnReader(const ColumnReader&) = delete;
  ColumnReader& operator=(const ColumnReader&) = delete;

  /// Reads nothing. `source` and `info` must outlive the reader. To be called first, and once.
  void Init(const ColumnSource& source, const ColumnInfo& info);

  /// Tells that the rows have times: what a pass over them leaves behind is hardly wanted again.
  /// REQUIRES: nothing was read yet.
  void ExpectPlayback() { use_.is_played = null_use_.is_played = true; }

  const ColumnInfo& info() const { return *info_; }

  /// The page with `row`; valid as long as `guard`. Never null: a page that can't be decoded is
  /// reported and has no values. REQUIRES: row is one of the file.
  /// Inlined: a call would be a tenth of a warm read.
  [[gnu::always_inline]] const Page* Fetch(uint32_t row, const EpochGuard& guard) {
    ColumnChunk* const chunk = ChunkOf(row);
    const uint32_t index = chunk->PageOf(row);
    const Page* const page = PageCache::Find(chunk->slots[index], guard);
    return page ? page : FetchMissing(chunk, index);
  }

  /// A page with `row` that tells nulls: its presence is that of the cells that are not null. That
  /// is the page that Fetch gives, if it is decoded already, or one without values. Otherwise as
  /// Fetch; a page whose levels can't be decoded has nulls alone.
  const Page* FetchNulls(uint32_t row, const EpochGuard& guard) {
    ColumnChunk* chunk = ChunkOf(row);
    const uint32_t index = chunk->PageOf(row);
    if (const Page* page = PageCache::Find(chunk->slots[index], guard); page && page->tells_nulls) {
      return page;
    }
    return cache_->Get(chunk->null_slots[index], guard,
                       [&](CachedPage* entry) { LoadNulls(*chunk, index, entry); });
  }

  /// As FetchNulls, but null where the page can't be decoded, which is not reported: for threads
  /// that have no caller to hear of it.
  const Page* TryFetchNulls(uint32_t row, const EpochGuard& guard);

  /// What the footer tells of the nulls in row group `group`.
  ChunkNulls NullsOf(uint32_t group) const;

  /// Whether the cell has a value. Decodes nothing where the chunk's statistics tell.
  bool HasValue(uint32_t row);

  /// Whether the statistics of the chunks tell that every cell has a value.
  bool IsFull() {
    const Fullness known = fullness_.load(std::memory_order_relaxed);
    return known == Fullness::kUnknown ? FindFullness() : known == Fullness::kFull;
  }

  /// Whether a page that was read so far was damaged: its values read as none.
  bool has_damage() const { return damage_.load(std::memory_order_acquire) != nullptr; }
  /// The first damage that was found: the place and what is wrong. Empty if there was none.
  std::string damage() const {
    const std::string* found = damage_.load(std::memory_order_acquire);
    return found ? *found : std::string();
  }
  /// Every cell that holds what a USD value can't, and reads as none; nothing if none was met so
  /// far. Decodes the column whole, past the cache.
  arrow::Result<std::vector<UnpresentableCell>> UnpresentableCells() const;
  /// Where such a cell is and why, for messages.
  std::string Describe(const UnpresentableCell& cell) const;

  // For code that reads the whole column once, past the cache, and reports errors itself.

  /// Where the pages of row group `group` are, for Fetch too from then on.
  arrow::Result<ColumnChunk*> Locate(uint32_t group);
  /// As Locate, but owned by the caller and not kept for Fetch.
  arrow::Result<std::unique_ptr<ColumnChunk>> LocateUncached(uint32_t group) const;
  /// Decodes page `index` of a chunk of this column. Cells without a USD value have none.
  arrow::Result<std::unique_ptr<Page>> Decode(ColumnChunk& chunk, uint32_t index) const;

 private:
  enum class Fullness : uint8_t { kUnknown, kFull, kNotFull };

  uint32_t GroupOf(uint32_t row) const {
    return rows_per_group_ ? rows_per_group_.Quotient(row) : source_->file.GroupOf(row);
  }

  [[gnu::always_inline]] ColumnChunk* ChunkOf(uint32_t row) {
    const uint32_t group = GroupOf(row);
    ColumnChunk* chunk = LocatedChunk(group);
    return chunk ? chunk : LocateOrReport(group);
  }

  ColumnChunk* LocatedChunk(uint32_t group) const {
    return chunks_.load(std::memory_order_acquire)[group].load(std::memory_order_acquire);
  }

  bool CountsNulls() const;
  bool FindFullness();
  /// Not inlined, nor given what lies in registers by its address: it is where a read ends that
  /// found its page in no cache.
  const Page* FetchMissing(ColumnChunk* chunk, uint32_t index);
  ColumnChunk* LocateOrReport(uint32_t group);
  ColumnChunk* Keep(uint32_t group, std::unique_ptr<ColumnChunk> chunk);
  void Load(ColumnChunk& chunk, uint32_t index, CachedPage* entry);
  void LoadNulls(const ColumnChunk& chunk, uint32_t index, CachedPage* entry);
  /// What stands for a page that can't be decoded.
  void Fail(const ColumnChunk& chunk, uint32_t index, const arrow::Status& status, Page* page);
  arrow::Status DecodeInto(ColumnChunk& chunk, uint32_t index, Page* page, BadCells* bad) const;
  arrow::Status DecodeNullsInto(const ColumnChunk& chunk, uint32_t index, Page* page) const;
  std::string PartName(uint32_t* group, uint32_t* row) const;
  void DecodeOrReport(ColumnChunk& chunk, uint32_t index, Page* page);
  void KeepNulls(const ColumnChunk& chunk, uint32_t index, CachedPage* entry);
  const PageSlot* SlotBefore(const ColumnChunk& chunk, uint32_t index,
                             std::unique_ptr<PageSlot[]> ColumnChunk::* slots) const;
  void ReportError(uint32_t group, uint32_t first_row, const std::string& reason);
  void ReportBadCell(const UnpresentableCell& bad);

  // What a read of a cached page touches comes first.
  /// By row group. The source's `no_chunks` until a chunk is located, then `own_chunks_`.
  std::atomic<std::atomic<ColumnChunk*>*> chunks_{nullptr};
  RowDivider rows_per_group_;
  PageCache* cache_ = nullptr;
  const ColumnInfo* info_ = nullptr;
  const ColumnSource* source_ = nullptr;
  std::atomic<Fullness> fullness_{Fullness::kUnknown};
  std::atomic<const std::string*> damage_{nullptr};  // owned
  std::atomic<bool> has_bad_cells_{false};
  std::unique_ptr<std::atomic<ColumnChunk*>[]> own_chunks_;
  std::unique_ptr<const PartColumn> parts_;  // of a dataset
  std::mutex mutex_;                         // for locating
  ColumnUse use_;
  ColumnUse null_use_;
};

}  // namespace usdparquet
