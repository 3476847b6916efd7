#include "core/pages/page_nulls.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/pages/level_bits.h"
#include "core/pages/list_rows.h"
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

/// The levels of a data page, which may be all that is decompressed of it.
arrow::Result<PageBody> LevelsOf(const StoredPage& page, arrow::Compression::type codec) {
  if (page.header.type == parquet::PageType::DATA_PAGE) return DecompressPage(page, codec);
  const auto def_size = static_cast<size_t>(page.header.def_size);
  const auto rep_size = static_cast<size_t>(page.header.rep_size);
  return PageBody{page.body.subspan(rep_size, def_size), nullptr};
}

/// Fills the presence of a page of a column without lists whose highest level is 1. False if its
/// levels are stored in a way of old.
arrow::Result<bool> DecodeBits(std::span<const uint8_t> bytes, arrow::Compression::type codec,
                               Page* page) {
  std::vector<uint64_t> bits((page->num_rows + 63) / 64);
  uint32_t rows = 0;
  for (PageWalk pages(bytes, false); !pages.is_done();) {
    ARROW_ASSIGN_OR_RAISE(const StoredPage stored, pages.Next());
    const PageHeader& header = stored.header;
    if (!header.is_data()) continue;
    if (!HasLevelBits(header)) return false;
    const auto values = static_cast<uint32_t>(header.num_values);
    if (values > page->num_rows - rows) return WrongRowCount(size_t{rows} + values, *page);
    ARROW_RETURN_NOT_OK(CheckPageBody(header, stored.body));
    ARROW_ASSIGN_OR_RAISE(const PageBody levels, LevelsOf(stored, codec));
    ARROW_RETURN_NOT_OK(DecodeLevelBits(header, levels.bytes, bits.data(), rows));
    rows += values;
  }
  if (rows != page->num_rows) return WrongRowCount(rows, *page);
  uint32_t set = 0;
  for (const uint64_t word : bits) set += static_cast<uint32_t>(std::popcount(word));
  if (set != rows) page->presence = std::move(bits);
  return true;
}

/// The rows of a page of lists or tuples, by the runs of its levels. Nothing where they have to be
/// looked at one by one.
arrow::Result<std::optional<std::vector<RowSpan>>> RowsByRuns(std::span<const uint8_t> bytes,
                                                              const ColumnInfo& column,
                                                              const ColumnChunk& chunk,
                                                              uint32_t num_rows) {
  ListRows rows(column, num_rows);
  for (PageWalk pages(bytes, true); !pages.is_done();) {
    ARROW_ASSIGN_OR_RAISE(const StoredPage stored, pages.Next());
    if (!stored.header.is_data()) continue;
    ARROW_RETURN_NOT_OK(CheckPageBody(stored.header, stored.body));
    ARROW_ASSIGN_OR_RAISE(const PageBody body,
                          DecompressPage(stored, chunk.codec, chunk.is_always_compressed));
    if (!rows.Append(stored.header, body.bytes)) return std::nullopt;
  }
  return rows.Finish();
}

arrow::Status DecodePresence(const PageSource& source, const ColumnInfo& column,
                             const ColumnChunk& chunk, uint32_t index, Page* page) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, ReadPageBytes(source, chunk.pages[index]));
  page->first_row = chunk.pages[index].first_row;
  page->num_rows = chunk.PageRows(index);
  if (column.max_rep == 0 && column.max_def == 1) {
    ARROW_ASSIGN_OR_RAISE(const bool is_done, DecodeBits(SpanOf(*bytes), chunk.codec, page));
    if (is_done) return arrow::Status::OK();
  }
  if (column.max_rep > 0) {
    ARROW_ASSIGN_OR_RAISE(const auto rows,
                          RowsByRuns(SpanOf(*bytes), column, chunk, page->num_rows));
    if (rows && rows->size() == page->num_rows) return FillPresence(*rows, page);
  }
  Levels levels;
  for (PageWalk pages(SpanOf(*bytes), column.max_rep > 0); !pages.is_done();) {
    ARROW_ASSIGN_OR_RAISE(const StoredPage stored, pages.Next());
    if (!stored.header.is_data()) continue;
    ARROW_RETURN_NOT_OK(CheckPageBody(stored.header, stored.body));
    ARROW_ASSIGN_OR_RAISE(const PageBody body,
                          DecompressPage(stored, chunk.codec, chunk.is_always_compressed));
    ARROW_RETURN_NOT_OK(
        DecodeLevels(column.max_def, column.max_rep, stored.header, body.bytes, &levels).status());
  }
  return FillPresence(AssembleRows(column, levels), page);
}

}  // namespace

arrow::Status DecodeNulls(const PageSource& source, const ColumnInfo& column,
                          const ColumnChunk& chunk, uint32_t index, Page* page) {
  return Guarded([&] { return DecodePresence(source, column, chunk, index, page); });
}

}  // namespace usdparquet
