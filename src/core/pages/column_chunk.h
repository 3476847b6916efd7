#pragma once

/// \file
/// Where the pages of one column chunk lie in the file.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <parquet/metadata.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "core/pages/page.h"
#include "core/pages/page_cache.h"
#include "core/pages/page_locations.h"
#include "core/schema/schema.h"
#include "core/util/export.h"
#include "core/util/row_divider.h"

namespace usdparquet {

/// A file to read pages from, and the cache that counts and charges what is read. Owns nothing.
struct PageSource {
  arrow::io::RandomAccessFile& file;
  const parquet::FileMetaData& metadata;
  std::span<const uint32_t> group_first_rows;  ///< then the total number of rows
  PageCache& cache;
  const PageLocations* locations = nullptr;  ///< null: the file has none that can be used
  bool is_sealed = false;                    ///< whether the footer has a checksum, which is right
};

/// The bytes of one unit of decoding: a data page with its header. For nested columns of
/// files without an offset index it is all data pages of the chunk, because only the offset index
/// promises that a page starts with a row.
struct PageLocation {
  int64_t offset = 0;
  int64_t size = 0;
  uint32_t first_row = 0;    ///< counted from the start of the file
  uint32_t header_size = 0;  ///< 0: there is no checksum of the header
  uint32_t header_checksum = 0;
};

/// One column in one row group: immutable locations, and the cache slots of the pages.
struct ColumnChunk {
  uint32_t first_row = 0;
  uint32_t num_rows = 0;
  // What a read of a cached page touches lies together.
  RowDivider rows_per_page;  ///< the same for all pages but the last; else none
  /// One for each page. Whoever caches pages of the chunk drops them before the chunk goes.
  std::unique_ptr<PageSlot[]> slots;
  std::vector<PageLocation> pages;

  int row_group = 0;   ///< in the file that it was located in
  uint32_t group = 0;  ///< the same, but for a file of a dataset: among the groups of all files
  parquet::Compression::type codec = parquet::Compression::UNCOMPRESSED;
  PageLocation dictionary_page;  ///< of size 0: there is none
  int64_t null_count = -1;       ///< from the chunk's statistics; -1 if not known
  /// As `slots`, of pages that have nothing but their presence; see page_nulls.h.
  std::unique_ptr<PageSlot[]> null_slots;

  /// Whether the pages of version 2 are compressed whatever their headers say.
  bool is_always_compressed = false;

  std::mutex mutex;  ///< for all below
  /// The decoded dictionary, for as long as one of the chunk's pages uses it.
  std::weak_ptr<const Dictionary> dictionary;
  /// Whether an offset index without a checksum tells the pages, and may be wrong.
  bool is_hinted = false;
  /// The pages as their headers tell, without slots, once the index was found to be wrong.
  std::unique_ptr<ColumnChunk> by_headers;

  /// The index of the page that holds `row` (from the start of the file).
  /// REQUIRES: first_row <= row < first_row + num_rows.
  uint32_t PageOf(uint32_t row) const {
    return rows_per_page ? rows_per_page.Quotient(row - first_row) : SearchPage(row);
  }
  /// The same where pages have any number of rows.
  USDPARQUET_API uint32_t SearchPage(uint32_t row) const;

  /// The number of rows of page `i`.
  uint32_t PageRows(uint32_t i) const {
    const uint32_t end = i + 1 < pages.size() ? pages[i + 1].first_row : first_row + num_rows;
    return end - pages[i].first_row;
  }
};

/// Locates the pages of `column` in row group `row_group`: from the file's page locations, else by
/// reading all page headers. An offset index tells the pages of lists, and those between which a
/// header is damaged; one that can't be right is as good as none, and one that may be is believed
/// until a page of it does not decode. Arrow's Parquet classes may throw. Thread-safe.
arrow::Result<std::unique_ptr<ColumnChunk>> LocatePages(const PageSource& source,
                                                        const ColumnInfo& column, int row_group);

/// The pages as the offset index alone tells them, without slots. Fails if there is none that may
/// be right. Arrow's Parquet classes may throw. Thread-safe.
arrow::Result<std::unique_ptr<ColumnChunk>> PagesByIndex(const PageSource& source,
                                                         const ColumnInfo& column, int row_group);

/// The pages of a chunk of which one does not decode, as the headers tell them, if the chunk has
/// others from an offset index; null if it does not, so that the page is damaged. Pages of lists
/// are decoded once to count their rows. Owned by `chunk`. Thread-safe.
arrow::Result<ColumnChunk*> PagesByHeaders(const PageSource& source, const ColumnInfo& column,
                                           ColumnChunk& chunk);

}  // namespace usdparquet
