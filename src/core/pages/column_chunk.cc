#include "core/pages/column_chunk.h"

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <parquet/page_index.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <optional>

#include "core/pages/chunk_nulls.h"
#include "core/pages/chunk_range.h"
#include "core/pages/page_bytes.h"
#include "core/pages/page_header.h"
#include "core/pages/page_levels.h"
#include "core/util/guard.h"
#include "core/util/limits.h"

namespace usdparquet {
namespace {

/// How many rows begin in a page of lists, and whether one begins with it.
arrow::Result<PageRows> RowsOf(const PageSource& source, const ColumnInfo& column,
                               const ColumnChunk& chunk, const PageLocation& page,
                               const PageHeader& header) {
  if (const int64_t rows = header.NumRows(true); rows >= 0) return PageRows{rows, true};
  ARROW_ASSIGN_OR_RAISE(auto bytes, source.file.ReadAt(page.offset, page.size));
  return CountRows(SpanOf(*bytes), *source.metadata.schema()->Column(column.leaf), chunk.codec,
                   chunk.is_always_compressed);
}

/// Reads the headers of a chunk's pages, one behind the other, and skips their bodies. Where rows
/// start in pages of lists, headers of version 1 do not say; without `counts_rows` the data pages
/// of lists are one unit.
arrow::Status ReadHeaders(const PageSource& source, const ColumnInfo& column,
                          const ChunkRange& range, int64_t num_values, bool counts_rows,
                          ColumnChunk* chunk) {
  const bool has_lists = column.max_rep > 0;
  PageHeaderScan scan(source.file, range.begin, range.limit, num_values);
  int64_t rows = 0;
  while (!scan.is_done()) {
    const int64_t offset = scan.position();
    ARROW_ASSIGN_OR_RAISE(const PageHeader header, scan.Next());
    PageLocation page{offset, scan.position() - offset, chunk->first_row};
    // One of no known kind where the footer says that the dictionary is: decoding it fails.
    const bool is_told = offset == range.begin && scan.position() == range.data_page;
    if (header.type == parquet::PageType::DICTIONARY_PAGE || (is_told && !header.is_data())) {
      if (chunk->dictionary_page.size > 0) {
        return arrow::Status::IOError("it has a second dictionary page at byte ", offset);
      }
      chunk->dictionary_page = page;
      continue;
    }
    if (!header.is_data()) continue;
    ARROW_RETURN_NOT_OK(CheckPageHeader(header, has_lists));
    PageRows starts{header.NumRows(has_lists), true};
    if (has_lists && counts_rows) {
      ARROW_ASSIGN_OR_RAISE(starts, RowsOf(source, column, *chunk, page, header));
    }
    const bool is_apart = !has_lists || (counts_rows && starts.begins_with_row);
    if (is_apart || chunk->pages.empty()) {
      page.first_row += static_cast<uint32_t>(rows);
      chunk->pages.push_back(page);
    } else {
      PageLocation& unit = chunk->pages.back();
      unit.size = scan.position() - unit.offset;
    }
    if (has_lists && !counts_rows) continue;
    rows += starts.rows;
    if (rows > chunk->num_rows) break;  // so that no sum wraps
  }
  ARROW_RETURN_NOT_OK(CheckBehindPages(source.file, scan.position(), range.end));
  // Without a count of rows, decoding the unit tells.
  if (has_lists && !counts_rows && !chunk->pages.empty()) return arrow::Status::OK();
  if (rows == chunk->num_rows) return arrow::Status::OK();
  return arrow::Status::IOError("its pages hold ", rows, rows > chunk->num_rows ? " or more" : "",
                                " values, but the row group has ", chunk->num_rows, " rows");
}

/// Takes the locations of an offset index, those of a chunk in that range. False if they can't be
/// its pages: one behind the other up to the end, with rising rows.
bool TakeLocations(const std::vector<parquet::PageLocation>& listed, const ChunkRange& range,
                   ColumnChunk* chunk) {
  if (listed.empty()) return false;
  int64_t previous_end = listed[0].offset, previous_row = 0;
  if (previous_end < range.begin || listed[0].first_row_index != 0) return false;
  std::vector<PageLocation> pages;
  for (const parquet::PageLocation& page : listed) {
    const int64_t row = page.first_row_index;
    if (page.offset != previous_end || page.compressed_page_size <= 0 ||
        page.offset > range.limit - page.compressed_page_size || row < previous_row ||
        row > chunk->num_rows) {
      return false;
    }
    previous_end = page.offset + page.compressed_page_size;
    previous_row = row;
    // Arrow's writer lists pages without rows too: the next page then starts with the same row, or
    // there is none.
    if (row == chunk->num_rows) continue;
    const uint32_t first_row = chunk->first_row + static_cast<uint32_t>(row);
    if (!pages.empty() && pages.back().first_row == first_row) pages.pop_back();
    pages.push_back({page.offset, page.compressed_page_size, first_row});
  }
  if (previous_end < range.end || previous_end > range.limit) return false;
  chunk->pages = std::move(pages);
  // What lies before is the dictionary page. If it is none, decoding says so.
  if (listed[0].offset > range.begin) {
    chunk->dictionary_page = {range.begin, listed[0].offset - range.begin, chunk->first_row};
  }
  chunk->is_hinted = true;
  return true;
}

/// Whether each page can hold the rows that are claimed of it.
arrow::Status CheckRows(const ColumnChunk& chunk, bool has_lists) {
  if (chunk.num_rows <= MaxPageValues(0, has_lists)) return arrow::Status::OK();
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
  uint64_t expected = chunk.first_row;
  for (const PageLocation& page : chunk.pages) {
    if (page.first_row != expected) return 0;
    expected += rows;
  }
  return expected >= uint64_t{chunk.first_row} + chunk.num_rows ? rows : 0;
}

/// The locations in the offset index of a chunk; none if the file has no index that can be read.
/// Arrow's PageIndexReader would look at the metadata of all columns of the row group first, which
/// in a wide file takes longer than reading the footer.
arrow::Result<std::vector<parquet::PageLocation>> ReadOffsetIndex(
    arrow::io::RandomAccessFile& file, int64_t file_size,
    const parquet::ColumnChunkMetaData& meta) {
  std::vector<parquet::PageLocation> none;
  const auto location = meta.GetOffsetIndexLocation();
  if (!location || location->offset < 0 || location->length <= 0 ||
      location->offset > file_size - location->length) {
    return none;
  }
  ARROW_ASSIGN_OR_RAISE(const auto bytes, file.ReadAt(location->offset, location->length));
  if (bytes->size() != location->length) {
    return arrow::Status::IOError("the file ends within its offset index");
  }
  auto parsed = Guarded([&]() -> arrow::Result<std::vector<parquet::PageLocation>> {
    return parquet::OffsetIndex::Make(bytes->data(), static_cast<uint32_t>(bytes->size()),
                                      parquet::ReaderProperties(arrow::system_memory_pool()))
        ->page_locations();
  });
  return parsed.ok() || parsed.status().IsOutOfMemory() ? parsed : none;
}

PageLocation Located(const ListedPage& page, uint32_t first_row) {
  return {page.offset, page.size, first_row + page.first_row, page.header_size,
          page.header_checksum};
}

/// A chunk whose pages are not located yet.
std::unique_ptr<ColumnChunk> MakeChunk(const PageSource& source,
                                       const parquet::RowGroupMetaData& group,
                                       const parquet::ColumnChunkMetaData& meta, int row_group) {
  auto chunk = std::make_unique<ColumnChunk>();
  chunk->first_row = source.group_first_rows[static_cast<size_t>(row_group)];
  chunk->num_rows = static_cast<uint32_t>(group.num_rows());
  chunk->row_group = row_group;
  chunk->codec = meta.compression();
  chunk->is_always_compressed = IsAlwaysCompressed(source.metadata);
  if (const auto stats = meta.encoded_statistics(); stats && stats->has_null_count) {
    const bool is_all = stats->null_count == group.num_rows();
    if (!is_all || source.is_sealed) chunk->null_count = stats->null_count;
  }
  return chunk;
}

/// Where to look for the pages of a chunk.
enum class Where {
  kAnywhere,
  kIndex,    ///< in the offset index alone
  kHeaders,  ///< in the headers alone; pages of lists are decoded to count their rows
};

/// Finds the pages of a chunk that the file does not list. Headers are right where they and the
/// offset index differ. The index tells what they do not: with which row pages of lists begin, and
/// where the page behind one with a damaged header is.
arrow::Status FindPages(const PageSource& source, const ColumnInfo& column, const ChunkRange& range,
                        const parquet::ColumnChunkMetaData& meta, Where where, ColumnChunk* chunk) {
  std::vector<parquet::PageLocation> index;
  if (where != Where::kHeaders) {
    ARROW_ASSIGN_OR_RAISE(const int64_t file_size, source.file.GetSize());
    ARROW_ASSIGN_OR_RAISE(index, ReadOffsetIndex(source.file, file_size, meta));
  }
  if (where == Where::kIndex || (where == Where::kAnywhere && column.max_rep > 0)) {
    if (TakeLocations(index, range, chunk)) return arrow::Status::OK();
    if (where == Where::kIndex) return arrow::Status::IOError("its offset index can't be right");
  }
  const arrow::Status read = Guarded([&] {
    return ReadHeaders(source, column, range, meta.num_values(), where == Where::kHeaders, chunk);
  });
  if (read.ok() || read.IsOutOfMemory()) return read;
  chunk->pages.clear();
  chunk->dictionary_page = PageLocation();
  return TakeLocations(index, range, chunk) ? arrow::Status::OK() : read;
}

arrow::Result<std::unique_ptr<ColumnChunk>> Locate(const PageSource& source,
                                                   const ColumnInfo& column, int row_group,
                                                   Where where) {
  const auto group = source.metadata.RowGroup(row_group);
  const auto meta = group->ColumnChunk(column.leaf);
  ARROW_ASSIGN_OR_RAISE(const int64_t file_size, source.file.GetSize());
  ARROW_ASSIGN_OR_RAISE(const ChunkRange range, RangeOfChunk(source.metadata, *meta, file_size));
  if (column.max_rep == 0 && meta->num_values() != group->num_rows()) {
    return arrow::Status::IOError("the footer says that it has ", meta->num_values(),
                                  " values, but its row group has ", group->num_rows(), " rows");
  }
  auto chunk = MakeChunk(source, *group, *meta, row_group);
  const auto listed = source.locations && where == Where::kAnywhere
                          ? source.locations->Find(row_group, column.leaf, range.begin,
                                                   range.size(), chunk->num_rows)
                          : std::nullopt;
  if (listed) {
    chunk->pages.resize(listed->data.size());
    for (size_t i = 0; i < listed->data.size(); ++i) {
      chunk->pages[i] = Located(listed->data[i], chunk->first_row);
    }
    if (listed->dictionary) chunk->dictionary_page = Located(*listed->dictionary, chunk->first_row);
  } else {
    ARROW_RETURN_NOT_OK(FindPages(source, column, range, *meta, where, chunk.get()));
  }
  ARROW_RETURN_NOT_OK(CheckRows(*chunk, column.max_rep > 0));
  if (!chunk->pages.empty()) chunk->rows_per_page = RowDivider(UniformRows(*chunk));
  return chunk;
}

bool AreSame(const PageLocation& a, const PageLocation& b) {
  return a.offset == b.offset && a.size == b.size && a.first_row == b.first_row;
}

}  // namespace

uint32_t ColumnChunk::SearchPage(uint32_t row) const {
  uint32_t low = 0, high = static_cast<uint32_t>(pages.size());
  while (high - low > 1) {
    const uint32_t middle = (low + high) / 2;
    (pages[middle].first_row <= row ? low : high) = middle;
  }
  return low;
}

arrow::Result<std::unique_ptr<ColumnChunk>> LocatePages(const PageSource& source,
                                                        const ColumnInfo& column, int row_group) {
  ARROW_ASSIGN_OR_RAISE(auto chunk, Locate(source, column, row_group, Where::kAnywhere));
  chunk->slots = std::make_unique<PageSlot[]>(chunk->pages.size());
  return chunk;
}

arrow::Result<std::unique_ptr<ColumnChunk>> PagesByIndex(const PageSource& source,
                                                         const ColumnInfo& column, int row_group) {
  return Locate(source, column, row_group, Where::kIndex);
}

arrow::Result<ColumnChunk*> PagesByHeaders(const PageSource& source, const ColumnInfo& column,
                                           ColumnChunk& chunk) {
  std::lock_guard lock(chunk.mutex);
  if (!chunk.is_hinted) return nullptr;
  if (!chunk.by_headers) {
    auto located =
        Guarded([&] { return Locate(source, column, chunk.row_group, Where::kHeaders); });
    if (located.status().IsOutOfMemory()) return located.status();
    const bool is_other =
        located.ok() && !(std::ranges::equal((*located)->pages, chunk.pages, AreSame) &&
                          AreSame((*located)->dictionary_page, chunk.dictionary_page));
    if (!is_other) {
      chunk.is_hinted = false;
      return nullptr;
    }
    chunk.by_headers = std::move(*located);
  }
  return chunk.by_headers.get();
}

}  // namespace usdparquet
