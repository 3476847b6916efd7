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

namespace usdparquet {

/// A file to read pages from, and the cache that counts and charges what is read. Owns nothing.
struct PageSource {
  arrow::io::RandomAccessFile& file;
  const parquet::FileMetaData& metadata;
  std::span<const uint32_t> group_first_rows;  ///< then the total number of rows
  PageCache& cache;
  const PageLocations* locations = nullptr;  ///< null: the file has none that can be used
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

/// Where the footer says that a column chunk lies, checked against the size of the file.
struct ChunkRange {
  int64_t begin = 0;      ///< its first page, which may be a dictionary page
  int64_t data_page = 0;  ///< its first data page, as the footer says
  int64_t end = 0;

  int64_t size() const { return end - begin; }
};

/// One column in one row group: immutable locations, and the cache slots of the pages.
struct ColumnChunk {
  uint32_t first_row = 0;
  uint32_t num_rows = 0;
  int row_group = 0;
  parquet::Compression::type codec = parquet::Compression::UNCOMPRESSED;
  PageLocation dictionary_page;  ///< of size 0: there is none
  int64_t null_count = -1;       ///< from the chunk's statistics; -1 if not written

  /// The offset index can't be that of the chunk's pages, and was not used.
  bool has_bad_offset_index = false;

  std::vector<PageLocation> pages;
  uint32_t rows_per_page = 0;  ///< the same for all pages but the last; else 0
  /// One for each page. Whoever caches pages of the chunk drops them before the chunk goes.
  std::unique_ptr<PageSlot[]> slots;

  /// The decoded dictionary, for as long as one of the chunk's pages uses it.
  std::mutex dictionary_mutex;
  std::weak_ptr<const Dictionary> dictionary;

  /// The index of the page that holds `row` (from the start of the file).
  /// REQUIRES: first_row <= row < first_row + num_rows.
  uint32_t PageOf(uint32_t row) const {
    if (rows_per_page != 0) return (row - first_row) / rows_per_page;
    uint32_t low = 0, high = static_cast<uint32_t>(pages.size());
    while (high - low > 1) {
      const uint32_t middle = (low + high) / 2;
      (pages[middle].first_row <= row ? low : high) = middle;
    }
    return low;
  }

  /// The number of rows of page `i`.
  uint32_t PageRows(uint32_t i) const {
    const uint32_t end = i + 1 < pages.size() ? pages[i + 1].first_row : first_row + num_rows;
    return end - pages[i].first_row;
  }
};

/// The range of a chunk; an IOError if the file can't have it. Arrow's Parquet classes may throw.
arrow::Result<ChunkRange> RangeOfChunk(const parquet::ColumnChunkMetaData& chunk,
                                       int64_t file_size);

/// Locates the pages of `column` in row group `row_group`: from the file's page locations, else
/// from the offset index, else, or where that can't be right, by reading all page headers. Arrow's
/// Parquet classes may throw. Thread-safe.
arrow::Result<std::unique_ptr<ColumnChunk>> LocatePages(const PageSource& source,
                                                        const ColumnInfo& column, int row_group);

}  // namespace usdparquet
