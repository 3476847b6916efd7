#pragma once

/// \file
/// Where the pages of one column chunk lie in the file.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <parquet/file_reader.h>
#include <parquet/page_index.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/pages/page.h"
#include "core/pages/page_cache.h"
#include "core/schema/schema.h"

namespace usdparquet {

/// The bytes of one unit of decoding: a data page with its header. For nested columns of
/// files without an offset index it is all data pages of the chunk, because only the offset index
/// promises that a page starts with a row.
struct PageLocation {
  int64_t offset = 0;
  int64_t size = 0;
  uint32_t first_row = 0;  ///< counted from the start of the file
};

/// One column in one row group: immutable locations, and the cache slots of the pages.
struct ColumnChunk {
  uint32_t first_row = 0;
  uint32_t num_rows = 0;
  int row_group = 0;
  parquet::Compression::type codec = parquet::Compression::UNCOMPRESSED;
  int64_t dictionary_offset = 0;  ///< of the dictionary page; with size 0 there is none
  int64_t dictionary_size = 0;
  int64_t null_count = -1;  ///< from the chunk's statistics; -1 if not written

  std::vector<PageLocation> pages;
  uint32_t rows_per_page = 0;  ///< if all pages but the last have as many rows; else 0
  std::unique_ptr<PageSlot[]> slots;

  /// The decoded dictionary, for as long as one of the chunk's pages uses it.
  std::mutex dictionary_mutex;
  std::weak_ptr<const Dictionary> dictionary;

  ~ColumnChunk();

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

/// The offset index of `column` in row group `row_group`, null if the file has none. Arrow's
/// PageIndexReader would look at the metadata of all columns of the row group first, which in a
/// wide file takes longer than reading the footer. Thread-safe.
arrow::Result<std::unique_ptr<parquet::OffsetIndex>> ReadOffsetIndex(
    arrow::io::RandomAccessFile& file, const parquet::FileMetaData& metadata,
    const ColumnInfo& column, int row_group);

/// Locates the pages of `column` in row group `row_group`, from the offset index where the file has
/// one, else in one pass over the page headers. `first_row` is the row group's first row in the
/// file. Thread-safe.
arrow::Result<std::unique_ptr<ColumnChunk>> LocatePages(arrow::io::RandomAccessFile& file,
                                                        const parquet::FileMetaData& metadata,
                                                        const ColumnInfo& column, int row_group,
                                                        uint32_t first_row,
                                                        const parquet::OffsetIndex* offset_index);

}  // namespace usdparquet
