#include "core/pages/page_nulls.h"

#include <parquet/column_page.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/pages/page_body.h"
#include "core/pages/page_bytes.h"
#include "core/pages/page_header.h"
#include "core/pages/page_levels.h"
#include "core/pages/row_assembly.h"
#include "core/util/guard.h"

namespace usdparquet {
namespace {

/// Sets the presence of a page; its rows are those of `rows`.
arrow::Status FillPresence(const std::vector<RowSpan>& rows, Page* page) {
  if (rows.size() != page->num_rows) return WrongRowCount(rows.size(), *page);
  const auto is_null = [](const RowSpan& row) { return row.state == RowSpan::State::kNull; };
  if (std::none_of(rows.begin(), rows.end(), is_null)) return arrow::Status::OK();
  page->presence.assign((rows.size() + 63) / 64, 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!is_null(rows[i])) page->presence[i >> 6] |= uint64_t{1} << (i & 63);
  }
  return arrow::Status::OK();
}

arrow::Status Decode(const PageSource& source, const ColumnInfo& column, const ColumnChunk& chunk,
                     uint32_t index, Page* page) {
  const parquet::ColumnDescriptor& descriptor = *source.metadata.schema()->Column(column.leaf);
  ARROW_ASSIGN_OR_RAISE(auto bytes, ReadPageBytes(source, chunk.pages[index]));
  ARROW_RETURN_NOT_OK(CheckPages(SpanOf(*bytes), column.max_rep > 0));
  const auto reader = OpenPages(std::move(bytes), descriptor, PageReaderCodec(chunk.codec),
                                chunk.is_always_compressed);
  page->first_row = chunk.pages[index].first_row;
  page->num_rows = chunk.PageRows(index);
  Levels levels;
  while (const auto stored = reader->NextPage()) {
    if (stored->type() != parquet::PageType::DATA_PAGE &&
        stored->type() != parquet::PageType::DATA_PAGE_V2) {
      continue;
    }
    const auto& data_page = static_cast<const parquet::DataPage&>(*stored);
    ARROW_ASSIGN_OR_RAISE(const PageBody body, DecompressPage(data_page, chunk.codec));
    ARROW_RETURN_NOT_OK(
        DecodeLevels(column.max_def, column.max_rep, data_page, body.bytes, &levels).status());
  }
  return FillPresence(AssembleRows(column, levels), page);
}

}  // namespace

arrow::Status DecodeNulls(const PageSource& source, const ColumnInfo& column,
                          const ColumnChunk& chunk, uint32_t index, Page* page) {
  return Guarded([&] { return Decode(source, column, chunk, index, page); });
}

}  // namespace usdparquet
