#include "core/pages/page_decoder.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <span>
#include <string_view>

#include "core/pages/dense_values.h"
#include "core/pages/page_body.h"
#include "core/pages/page_bytes.h"
#include "core/pages/page_header.h"
#include "core/pages/page_join.h"
#include "core/pages/page_levels.h"
#include "core/pages/row_assembly.h"
#include "core/schema/text_check.h"
#include "core/util/guard.h"
#include "core/util/utf8.h"

namespace usdparquet {
namespace {

/// The chunk's dictionary, decoded once for as long as a page uses it.
arrow::Result<std::shared_ptr<const Dictionary>> LoadDictionary(
    const PageSource& source, const ColumnInfo& column, const parquet::ColumnDescriptor& descriptor,
    ColumnChunk& chunk) {
  if (chunk.dictionary_page.size == 0) return nullptr;
  std::lock_guard lock(chunk.mutex);
  if (auto dictionary = chunk.dictionary.lock()) return dictionary;
  ARROW_ASSIGN_OR_RAISE(auto bytes, ReadPageBytes(source, chunk.dictionary_page));
  ARROW_ASSIGN_OR_RAISE(const StoredPage page, PageWalk(SpanOf(*bytes), column.max_rep > 0).Next());
  if (page.header.type != parquet::PageType::DICTIONARY_PAGE) {
    return arrow::Status::IOError("there is no dictionary page at byte ",
                                  chunk.dictionary_page.offset);
  }
  ARROW_RETURN_NOT_OK(CheckPageBody(page.header, page.body));
  ARROW_ASSIGN_OR_RAISE(const PageBody body, DecompressPage(page, chunk.codec));
  ARROW_ASSIGN_OR_RAISE(auto decoded, DenseValues::DecodeDictionary(column, descriptor, body.bytes,
                                                                    page.header.num_values));
  // Charged as long as it lives, which is as long as the last page that holds it.
  const uint64_t charge = decoded->MemoryUsage();
  source.cache.Charge(charge);
  std::shared_ptr<const Dictionary> shared(
      decoded.get(), [decoded, charge, &cache = source.cache](const Dictionary*) mutable {
        decoded.reset();
        cache.Release(charge);
      });
  chunk.dictionary = shared;
  return shared;
}

/// Whether the values of a page can be read where the file is mapped: nothing compressed, nothing
/// encoded, nothing to convert.
bool IsReadInPlace(const arrow::io::RandomAccessFile& file, const ColumnInfo& column,
                   const parquet::ColumnDescriptor& descriptor, const ColumnChunk& chunk,
                   const PageHeader& page, const ValueSection& section) {
  return column.max_rep == 0 && chunk.codec == parquet::Compression::UNCOMPRESSED &&
         file.supports_zero_copy() &&
         DenseValues::IsStoredAsRead(column, descriptor, page.value_encoding()) &&
         static_cast<size_t>(section.size) == section.count * ScalarSize(column.stored_scalar);
}

bool IsTimeText(const ColumnInfo& column) {
  return column.stored_scalar == Scalar::kString && column.conversion != Conversion::kNone;
}

/// OpenUSD takes tokens for C strings, and would cut this one off.
const char* ProblemOfToken(std::string_view text) {
  return text.find('\0') == std::string_view::npos ? nullptr
                                                   : "has a U+0000, which a token cannot have";
}

/// The test of the texts of a page, if it has to be asked.
TextTest TextTestOf(const ColumnInfo& column, const DenseValues& values) {
  const bool is_token = column.sdf_type == "token" || column.sdf_type == "token[]";
  if (column.text_test || !is_token) return column.text_test;
  return values.is_stored_text() && values.MayHaveNul() ? &ProblemOfToken : nullptr;
}

/// How the texts of a page are judged.
struct TextChecks {
  bool has_bad_string = false;  ///< whether any of them is no UTF-8
  TextTest test = nullptr;
};

/// Why a text can't be a value of the column; null if it can.
const char* ProblemOfText(const ColumnInfo& column, const DenseValues& values, uint32_t i,
                          const TextChecks& checks) {
  if (IsTimeText(column)) {
    return values.String(i).empty() ? "is a date or time that ISO 8601 cannot write" : nullptr;
  }
  if (checks.has_bad_string && values.IsBadString(i)) return kBadText;
  return checks.test ? checks.test(values.String(i)) : nullptr;
}

void ReportBadRows(const ColumnInfo& column, uint32_t first_row, const DenseValues& values,
                   const TextChecks& checks, std::vector<RowSpan>* rows, BadCells* bad) {
  const bool looks_at_texts = checks.has_bad_string || checks.test || IsTimeText(column);
  for (size_t i = 0; i < rows->size(); ++i) {
    RowSpan& row = (*rows)[i];
    const char* reason = "has a null inside its array or tuple, which a USD value cannot have";
    if (looks_at_texts && row.state == RowSpan::State::kValue) {
      for (uint32_t k = row.begin; k < row.begin + row.count; ++k) {
        const char* const problem = ProblemOfText(column, values, k, checks);
        if (!problem) continue;
        row.state = RowSpan::State::kBad;
        reason = problem;
        break;
      }
    }
    if (row.state != RowSpan::State::kBad) continue;
    const UnpresentableCell cell{first_row + static_cast<uint32_t>(i), reason};
    if (bad->count++ == 0) bad->first = cell;
    if (bad->all) bad->all->push_back(cell);
  }
}

arrow::Status Decode(const PageSource& source, const ColumnInfo& column, ColumnChunk& chunk,
                     uint32_t index, Page* page, BadCells* bad) {
  const parquet::ColumnDescriptor& descriptor = *source.metadata.schema()->Column(column.leaf);
  const PageLocation& location = chunk.pages[index];
  ARROW_ASSIGN_OR_RAISE(auto dictionary, LoadDictionary(source, column, descriptor, chunk));
  ARROW_ASSIGN_OR_RAISE(auto bytes, ReadPageBytes(source, location));
  page->first_row = location.first_row;
  page->num_rows = chunk.PageRows(index);
  Levels levels;
  DenseValues values(column, descriptor);
  for (PageWalk pages(SpanOf(*bytes), column.max_rep > 0); !pages.is_done();) {
    ARROW_ASSIGN_OR_RAISE(const StoredPage stored, pages.Next());
    const PageHeader& header = stored.header;
    if (!header.is_data()) continue;
    ARROW_RETURN_NOT_OK(CheckPageBody(header, stored.body));
    ARROW_ASSIGN_OR_RAISE(const PageBody body,
                          DecompressPage(stored, chunk.codec, chunk.is_always_compressed));
    ARROW_ASSIGN_OR_RAISE(
        const ValueSection section,
        DecodeLevels(static_cast<int16_t>(column.max_def), static_cast<int16_t>(column.max_rep),
                     header, body.bytes, &levels));
    if (IsReadInPlace(source.file, column, descriptor, chunk, header, section) &&
        section.count == header.num_values &&
        static_cast<uint32_t>(section.count) == page->num_rows) {
      page->cells = reinterpret_cast<const std::byte*>(section.data);
      page->mapped = std::move(bytes);
      return arrow::Status::OK();
    }
    ARROW_RETURN_NOT_OK(values.Append(header.value_encoding(), section.data, section.size,
                                      header.num_values, section.count, dictionary));
  }
  const TextChecks checks{values.is_stored_text() && values.HasBadString(),
                          TextTestOf(column, values)};
  // Most columns have no null in most pages; times, assets and paths need a look at each text.
  if (!IsTimeText(column) && !checks.test && !checks.has_bad_string && IsDense(column, levels)) {
    if (levels.count != page->num_rows) return WrongRowCount(levels.count, *page);
    FillDensePage(column, std::move(values), page);
    page->cells = page->values.data();
    return arrow::Status::OK();
  }
  auto rows = AssembleRows(column, levels);
  if (rows.size() != page->num_rows) return WrongRowCount(rows.size(), *page);
  ReportBadRows(column, location.first_row, values, checks, &rows, bad);
  page->tells_nulls = bad->count == 0;
  FillPage(column, rows, std::move(values), page);
  page->cells = page->values.data();
  return arrow::Status::OK();
}

/// Decodes the rows of page `index` of `chunk` from the pages of `told`, which are bounded
/// otherwise.
arrow::Status DecodeRows(const PageSource& source, const ColumnInfo& column,
                         const ColumnChunk& chunk, uint32_t index, ColumnChunk& told, Page* page,
                         BadCells* bad) {
  PageJoin join(column, chunk.pages[index].first_row, chunk.PageRows(index));
  for (uint32_t i = told.PageOf(join.first_row());
       i < told.pages.size() && told.pages[i].first_row < join.end_row(); ++i) {
    Page part;
    BadCells found;
    found.all = bad->all;
    ARROW_RETURN_NOT_OK(Decode(source, column, told, i, &part, &found));
    ARROW_RETURN_NOT_OK(join.Append(part));
    if (bad->count == 0) bad->first = found.first;
    bad->count += found.count;
  }
  *page = join.Finish();
  page->tells_nulls = bad->count == 0;
  return arrow::Status::OK();
}

}  // namespace

arrow::Status DecodePage(const PageSource& source, const ColumnInfo& column, ColumnChunk& chunk,
                         uint32_t index, Page* page, BadCells* bad) {
  arrow::Status status = Guarded([&] { return Decode(source, column, chunk, index, page, bad); });
  if (status.ok() || status.IsOutOfMemory()) return status;
  // An offset index is a hint: where it is wrong, the headers are right.
  ARROW_ASSIGN_OR_RAISE(ColumnChunk* const told, PagesByHeaders(source, column, chunk));
  if (!told) return status;
  bad->count = 0;
  return Guarded([&] { return DecodeRows(source, column, chunk, index, *told, page, bad); });
}

}  // namespace usdparquet
