#include "core/recover/chunk_pages.h"

#include <arrow/buffer.h>

#include <utility>

#include "core/pages/chunk_range.h"
#include "core/pages/page_bytes.h"
#include "core/pages/page_header.h"
#include "core/pages/page_levels.h"
#include "core/util/guard.h"

namespace usdparquet {
namespace {

/// A page as it was scanned; `rows` is not known if it is negative.
struct ScannedPage {
  int64_t offset = 0;
  int64_t size = 0;
  int64_t rows = -1;
  std::string problem;
  bool has_whole_rows = false;  // as pages of version 2, and of columns without lists
};

/// The number of rows that begin in a page of lists. Fails if the page cannot be read; Invalid if
/// it does not begin with a row.
arrow::Result<int64_t> CountWholeRows(const PageSource& source, const ColumnInfo& column,
                                      const ScannedPage& page, parquet::Compression::type codec) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, source.file.ReadAt(page.offset, page.size));
  ARROW_ASSIGN_OR_RAISE(const PageRows found,
                        CountRows(SpanOf(*bytes), *source.metadata.schema()->Column(column.leaf),
                                  codec, IsAlwaysCompressed(source.metadata)));
  if (!found.begins_with_row) return arrow::Status::Invalid("its pages do not begin with rows");
  return found.rows;
}

/// Where the first data page of a chunk lies: behind the dictionary page, if one comes first. Where
/// its header is damaged, the footer may tell.
int64_t FirstDataPage(arrow::io::RandomAccessFile& file, const ChunkRange& range) {
  PageHeaderScan scan(file, range.begin, range.limit);
  if (scan.is_done()) return range.begin;
  const auto first = Guarded([&] { return scan.Next(); });
  const bool is_told = range.data_page > range.begin;
  if (first.ok() && first->is_data() && (first->num_values > 0 || !is_told)) return range.begin;
  if (first.ok() && first->type == parquet::PageType::DICTIONARY_PAGE) return scan.position();
  return range.data_page < range.end ? range.data_page : range.begin;
}

arrow::Result<std::vector<ScannedPage>> Scan(const PageSource& source, const ColumnInfo& column,
                                             parquet::Compression::type codec,
                                             const ChunkRange& range, int64_t first_page,
                                             int64_t num_rows) {
  std::vector<ScannedPage> pages;
  PageHeaderScan scan(source.file, first_page, range.limit);
  while (scan.position() < range.end) {
    ScannedPage page;
    page.offset = scan.position();
    page.has_whole_rows = column.max_rep == 0;
    auto header = Guarded([&] { return scan.Next(); });
    const arrow::Status status =
        header.ok() ? CheckPageHeader(*header, column.max_rep > 0) : header.status();
    if (!status.ok()) {  // where the next page begins is not known
      page.size = range.end - page.offset;
      page.problem = status.message();
      pages.push_back(std::move(page));
      break;
    }
    page.size = scan.position() - page.offset;
    if (!header->is_data()) {
      page.problem = "its header is damaged: it is said to be no data page";
    } else if (const int64_t told = header->NumRows(column.max_rep > 0); told >= 0) {
      page.rows = told;
      page.has_whole_rows = true;
    } else {
      auto rows = Guarded([&] { return CountWholeRows(source, column, page, codec); });
      if (rows.ok()) {
        page.rows = *rows;
        // A header that tells it rightly is one of a writer whose pages begin with rows.
        page.has_whole_rows = *rows == header->num_rows;
      } else if (rows.status().IsInvalid()) {
        return rows.status();
      } else {
        page.problem = rows.status().message();
      }
    }
    if (page.rows > num_rows) {
      page.rows = -1;
      page.problem = "its header claims more rows than there are";
    }
    pages.push_back(std::move(page));
  }
  return pages;
}

/// Counts the rows from both ends up to the pages whose rows are not known, which become one.
arrow::Result<std::vector<FoundPage>> PlaceRows(const std::vector<ScannedPage>& pages,
                                                int64_t num_rows) {
  std::vector<FoundPage> found;
  size_t first = 0;
  int64_t row = 0;
  for (; first < pages.size() && pages[first].rows >= 0; ++first) {
    const ScannedPage& page = pages[first];
    found.push_back({page.offset, page.size, row, row + page.rows, page.problem, false, 0, 0});
    row += page.rows;
    if (row > num_rows) break;
  }
  if (first == pages.size() && row == num_rows) return found;
  const auto wrong = [&] {
    return arrow::Status::IOError("its pages hold other numbers of rows than the ", num_rows,
                                  " of the row group");
  };
  if (first == pages.size() || row > num_rows) return wrong();
  std::vector<FoundPage> behind;
  int64_t end = num_rows;
  size_t last = pages.size();
  for (; pages[last - 1].rows >= 0; --last) {
    const ScannedPage& page = pages[last - 1];
    behind.push_back({page.offset, page.size, end - page.rows, end, page.problem, false, 0, 0});
    end -= page.rows;
    if (end < row) return wrong();
  }
  if (!found.empty()) found.back().is_last_cut = !pages[first - 1].has_whole_rows;
  found.push_back({pages[first].offset, 0, row, end, pages[first].problem, false, 0, 0});
  found.insert(found.end(), behind.rbegin(), behind.rend());
  return found;
}

}  // namespace

arrow::Result<FoundPages> ListedPages(const PageSource& source, const ColumnInfo& column,
                                      int row_group) {
  // The index first, since headers may be damaged.
  auto located = Guarded([&] { return PagesByIndex(source, column, row_group); });
  if (source.locations || !located.ok()) {
    ARROW_ASSIGN_OR_RAISE(located, LocatePages(source, column, row_group));
  }
  const ColumnChunk* const chunk = located->get();
  FoundPages found;
  const PageLocation& dictionary = chunk->dictionary_page;
  found.dictionary.offset = dictionary.offset;
  found.dictionary.size = dictionary.size;
  found.dictionary.header_size = dictionary.header_size;
  found.dictionary.header_checksum = dictionary.header_checksum;
  found.is_certain = dictionary.size == 0 || dictionary.header_size > 0;
  for (uint32_t i = 0; i < chunk->pages.size(); ++i) {
    const PageLocation& page = chunk->pages[i];
    const int64_t begin = page.first_row - chunk->first_row;
    found.pages.push_back({page.offset,
                           page.size,
                           begin,
                           begin + chunk->PageRows(i),
                           {},
                           false,
                           page.header_size,
                           page.header_checksum});
    found.is_certain = found.is_certain && page.header_size > 0;
  }
  return found;
}

arrow::Result<FoundPages> ScannedPages(const PageSource& source, const ColumnInfo& column,
                                       int row_group) {
  const auto group = source.metadata.RowGroup(row_group);
  const auto meta = group->ColumnChunk(column.leaf);
  ARROW_ASSIGN_OR_RAISE(const int64_t file_size, source.file.GetSize());
  ARROW_ASSIGN_OR_RAISE(const ChunkRange range, RangeOfChunk(source.metadata, *meta, file_size));
  const int64_t first_page = FirstDataPage(source.file, range);
  ARROW_ASSIGN_OR_RAISE(const auto pages, Scan(source, column, meta->compression(), range,
                                               first_page, group->num_rows()));
  FoundPages found;
  ARROW_ASSIGN_OR_RAISE(found.pages, PlaceRows(pages, group->num_rows()));
  found.dictionary.offset = range.begin;
  found.dictionary.size = first_page - range.begin;
  return found;
}

}  // namespace usdparquet
