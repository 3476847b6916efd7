#include "core/pages/column_chunk.h"

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <parquet/page_index.h>
#include <parquet/statistics.h>

#include <optional>

#include "core/pages/page_header.h"
#include "core/util/guard.h"
#include "core/util/limits.h"

namespace usdparquet {
namespace {

/// Reads all page headers of a flat column's chunk; bodies are skipped.
arrow::Status ReadHeaders(arrow::io::RandomAccessFile& file, int64_t begin, int64_t end,
                          ColumnChunk* chunk) {
  PageHeaderScan scan(file, begin, end);
  int64_t rows = 0;
  while (!scan.is_done()) {
    const int64_t offset = scan.position();
    ARROW_ASSIGN_OR_RAISE(const PageHeader header, scan.Next());
    if (!header.is_data()) continue;
    ARROW_RETURN_NOT_OK(CheckPageHeader(header, false));
    chunk->pages.push_back(
        {offset, scan.position() - offset, chunk->first_row + static_cast<uint32_t>(rows)});
    rows += header.num_rows >= 0 ? header.num_rows : header.num_values;
    if (rows > chunk->num_rows) break;  // so that no sum wraps
  }
  if (rows != chunk->num_rows) {
    return arrow::Status::IOError("its pages hold ", rows, rows > chunk->num_rows ? " or more" : "",
                                  " values, but the row group has ", chunk->num_rows, " rows");
  }
  return arrow::Status::OK();
}

/// Takes the locations of an offset index, those of a chunk in the bytes [begin, end).
arrow::Status TakeLocations(const parquet::OffsetIndex& index, int64_t begin, int64_t end,
                            ColumnChunk* chunk) {
  int64_t previous_end = begin, previous_row = 0;
  for (const parquet::PageLocation& page : index.page_locations()) {
    const int64_t row = page.first_row_index;
    const bool is_first = &page == index.page_locations().data();
    // Each page directly behind the one before, as Arrow's reader finds them by their headers.
    const bool is_behind = is_first ? page.offset >= begin && row == 0
                                    : page.offset == previous_end && row >= previous_row;
    if (!is_behind || page.compressed_page_size <= 0 ||
        page.offset > end - page.compressed_page_size || row > chunk->num_rows) {
      return arrow::Status::IOError("its offset index is damaged");
    }
    previous_end = page.offset + page.compressed_page_size;
    previous_row = row;
    // Arrow's writer lists pages without rows too: the next page then starts with the same row, or
    // there is none.
    if (row == chunk->num_rows) continue;
    const uint32_t first_row = chunk->first_row + static_cast<uint32_t>(row);
    if (!chunk->pages.empty() && chunk->pages.back().first_row == first_row) {
      chunk->pages.pop_back();
    }
    chunk->pages.push_back({page.offset, page.compressed_page_size, first_row});
  }
  if (previous_end != end) return arrow::Status::IOError("its offset index is damaged");
  return arrow::Status::OK();
}

/// Whether each page can hold the rows that are claimed of it.
arrow::Status CheckRows(const ColumnChunk& chunk, bool has_lists) {
  for (uint32_t i = 0; i < chunk.pages.size(); ++i) {
    const int64_t most = MaxPageValues(chunk.pages[i].size, has_lists);
    if (chunk.PageRows(i) <= most) continue;
    return arrow::Status::CapacityError(
        "a page of ", chunk.pages[i].size, " bytes at byte ", chunk.pages[i].offset, " claims ",
        chunk.PageRows(i), " rows, more than ", most, ": write the file with smaller pages");
  }
  return arrow::Status::OK();
}

/// Rows per page, if equal in all but the last; else 0.
uint32_t UniformRows(const ColumnChunk& chunk) {
  const uint32_t rows = chunk.PageRows(0);
  for (uint32_t i = 0; i < chunk.pages.size(); ++i) {
    const bool is_last = i + 1 == chunk.pages.size();
    if (is_last ? chunk.PageRows(i) > rows : chunk.PageRows(i) != rows) return 0;
  }
  return rows;
}

/// The offset index of `column` in row group `row_group`, null if the file has none. Arrow's
/// PageIndexReader would look at the metadata of all columns of the row group first, which in a
/// wide file takes longer than reading the footer.
arrow::Result<std::unique_ptr<parquet::OffsetIndex>> ReadOffsetIndex(
    arrow::io::RandomAccessFile& file, const parquet::FileMetaData& metadata,
    const ColumnInfo& column, int row_group) {
  const auto location =
      metadata.RowGroup(row_group)->ColumnChunk(column.leaf)->GetOffsetIndexLocation();
  if (!location) return nullptr;
  ARROW_ASSIGN_OR_RAISE(const int64_t file_size, file.GetSize());
  if (location->offset < 0 || location->length <= 0 ||
      location->offset > file_size - location->length) {
    return arrow::Status::IOError("the footer places its offset index at byte ", location->offset,
                                  " of a file of ", file_size, " bytes: the file is damaged");
  }
  ARROW_ASSIGN_OR_RAISE(const auto bytes, file.ReadAt(location->offset, location->length));
  if (bytes->size() != location->length) {
    return arrow::Status::IOError("the file ends within its offset index");
  }
  return parquet::OffsetIndex::Make(bytes->data(), bytes->size(),
                                    parquet::ReaderProperties(arrow::system_memory_pool()));
}

PageLocation Located(const ListedPage& page, uint32_t first_row) {
  return {page.offset, page.size, first_row + page.first_row, page.header_size,
          page.header_checksum};
}

/// Finds the pages by the offset index. Returns where the first of them is; nothing if there is no
/// index. Fails, or throws, where that can't be right.
arrow::Result<std::optional<int64_t>> FindByOffsetIndex(const PageSource& source,
                                                        const ColumnInfo& column,
                                                        const ChunkRange& range,
                                                        ColumnChunk* chunk) {
  ARROW_ASSIGN_OR_RAISE(const auto index,
                        ReadOffsetIndex(source.file, source.metadata, column, chunk->row_group));
  if (!index) return std::nullopt;
  ARROW_RETURN_NOT_OK(TakeLocations(*index, range.begin, range.end, chunk));
  if (index->page_locations().empty()) return std::nullopt;  // of no rows
  return index->page_locations()[0].offset;
}

/// Finds the pages where the file does not list them.
arrow::Status SearchPages(const PageSource& source, const ColumnInfo& column,
                          const ChunkRange& range, ColumnChunk* chunk) {
  auto indexed = Guarded([&] { return FindByOffsetIndex(source, column, range, chunk); });
  if (indexed.status().IsOutOfMemory()) return indexed.status();
  if (!indexed.ok()) {  // the headers tell as well
    chunk->has_bad_offset_index = true;
    chunk->pages.clear();
    indexed = std::nullopt;
  }
  const int64_t first_page = indexed->value_or(range.data_page);
  if (*indexed) {
    // The pages are found.
  } else if (column.max_rep > 0) {
    chunk->pages.push_back({range.data_page, range.end - range.data_page, chunk->first_row});
  } else if (chunk->num_rows > 0) {
    ARROW_RETURN_NOT_OK(ReadHeaders(source.file, range.data_page, range.end, chunk));
  }
  if (first_page > range.begin) {
    chunk->dictionary_page = {range.begin, first_page - range.begin, chunk->first_row};
  }
  return arrow::Status::OK();
}

}  // namespace

arrow::Result<ChunkRange> RangeOfChunk(const parquet::ColumnChunkMetaData& chunk,
                                       int64_t file_size) {
  ChunkRange range;
  range.begin = range.data_page = chunk.data_page_offset();
  if (chunk.has_dictionary_page() && chunk.dictionary_page_offset() > 0 &&
      chunk.dictionary_page_offset() < range.begin) {
    range.begin = chunk.dictionary_page_offset();
  }
  const int64_t size = chunk.total_compressed_size();
  if (range.begin < 4 || size < 0 || range.begin > file_size - size ||
      range.data_page > range.begin + size) {
    return arrow::Status::IOError("the footer places it at byte ", range.begin, ", ", size,
                                  " bytes long, of a file of ", file_size,
                                  " bytes: the file is damaged");
  }
  range.end = range.begin + size;
  return range;
}

arrow::Result<std::unique_ptr<ColumnChunk>> LocatePages(const PageSource& source,
                                                        const ColumnInfo& column, int row_group) {
  const auto group = source.metadata.RowGroup(row_group);
  const auto meta = group->ColumnChunk(column.leaf);
  ARROW_ASSIGN_OR_RAISE(const int64_t file_size, source.file.GetSize());
  ARROW_ASSIGN_OR_RAISE(const ChunkRange range, RangeOfChunk(*meta, file_size));
  if (column.max_rep == 0 && meta->num_values() != group->num_rows()) {
    return arrow::Status::IOError("the footer says that it has ", meta->num_values(),
                                  " values, but its row group has ", group->num_rows(), " rows");
  }

  auto chunk = std::make_unique<ColumnChunk>();
  chunk->first_row = source.group_first_rows[row_group];
  chunk->num_rows = static_cast<uint32_t>(group->num_rows());
  chunk->row_group = row_group;
  chunk->codec = meta->compression();
  if (const auto stats = meta->encoded_statistics(); stats && stats->has_null_count) {
    chunk->null_count = stats->null_count;
  }
  const auto listed = source.locations ? source.locations->Find(row_group, column.leaf, range.begin,
                                                                range.size(), chunk->num_rows)
                                       : std::nullopt;
  if (listed) {
    chunk->pages.reserve(listed->data.size());
    for (const ListedPage& page : listed->data) {
      chunk->pages.push_back(Located(page, chunk->first_row));
    }
    if (listed->dictionary) chunk->dictionary_page = Located(*listed->dictionary, chunk->first_row);
  } else {
    ARROW_RETURN_NOT_OK(SearchPages(source, column, range, chunk.get()));
  }
  ARROW_RETURN_NOT_OK(CheckRows(*chunk, column.max_rep > 0));
  if (!chunk->pages.empty()) chunk->rows_per_page = UniformRows(*chunk);
  chunk->slots = std::make_unique<PageSlot[]>(chunk->pages.size());
  return chunk;
}

}  // namespace usdparquet
