#include "core/pages/page_decoder.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/pages/dense_values.h"
#include "core/pages/list_rows.h"
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

/// Whether what lies in a body can be read there for as long as it is wanted: in a mapped file, or
/// in a block of what was decompressed. (What was read of a file lies in between other things.)
bool CanKeep(const PageSource& source, const PageBody& body) {
  return body.owner || source.file.supports_zero_copy();
}

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
  ARROW_ASSIGN_OR_RAISE(PageBody body, DecompressPage(page, chunk.codec));
  ARROW_ASSIGN_OR_RAISE(
      auto decoded, DenseValues::DecodeDictionary(column, descriptor, body.bytes,
                                                  page.header.num_values, CanKeep(source, body)));
  if (decoded->strings.stored) {
    decoded->held_bytes = body.owner ? body.bytes.size() : 0;
    decoded->owner = body.owner ? std::move(body.owner) : std::move(bytes);
  }
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

/// A page that is being decoded: its column, what is stored of it, and the chunk's dictionary.
struct StoredCells {
  const PageSource& source;
  const ColumnInfo& column;
  const parquet::ColumnDescriptor& descriptor;
  const ColumnChunk& chunk;
  std::shared_ptr<arrow::Buffer> bytes;
  std::shared_ptr<const Dictionary> dictionary;

  /// Whether a body lies in the mapped file.
  bool IsMapped(const PageBody& body) const {
    return !body.owner && source.file.supports_zero_copy();
  }

  /// Whether values can be read where they are stored: nothing encoded, nothing to convert.
  bool IsStoredAsRead(const PageHeader& page, const ValueSection& section) const {
    return DenseValues::IsStoredAsRead(column, descriptor, page.value_encoding()) &&
           static_cast<size_t>(section.size) == section.count * ScalarSize(column.stored_scalar);
  }

  /// Has `page` keep the body that its values or texts lie in. REQUIRES: CanKeep.
  void Keep(PageBody body, Page* page) const {
    page->held_bytes = body.owner ? body.bytes.size() : 0;
    page->owner = body.owner ? std::move(body.owner) : bytes;
  }
};

/// The next data page of a walk, verified and decompressed.
struct DataPage {
  PageHeader header;
  PageBody body;
};
arrow::Result<std::optional<DataPage>> NextDataPage(const StoredCells& cells, PageWalk* pages) {
  while (!pages->is_done()) {
    ARROW_ASSIGN_OR_RAISE(const StoredPage stored, pages->Next());
    if (!stored.header.is_data()) continue;
    ARROW_RETURN_NOT_OK(CheckPageBody(stored.header, stored.body));
    ARROW_ASSIGN_OR_RAISE(
        PageBody body, DecompressPage(stored, cells.chunk.codec, cells.chunk.is_always_compressed));
    return DataPage{stored.header, std::move(body)};
  }
  return std::nullopt;
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

/// Puts the values into the rows of the page.
arrow::Status FillRows(const ColumnInfo& column, std::vector<RowSpan> rows, DenseValues&& values,
                       const TextChecks& checks, Page* page, BadCells* bad) {
  if (rows.size() != page->num_rows) return WrongRowCount(rows.size(), *page);
  ReportBadRows(column, page->first_row, values, checks, &rows, bad);
  page->tells_nulls = bad->count == 0;
  FillPage(column, rows, std::move(values), page);
  page->cells = page->values.data();
  return arrow::Status::OK();
}

TextChecks ChecksOf(const ColumnInfo& column, const DenseValues& values) {
  return {values.is_stored_text() && values.HasBadString(), TextTestOf(column, values)};
}

/// Adds the values of a data page, of which texts stay where they are if the page is the only one.
arrow::Status AppendValues(const StoredCells& cells, DataPage data, const ValueSection& section,
                           bool is_only, DenseValues* values, Page* page) {
  const auto encoding = data.header.value_encoding();
  if (is_only && CanKeep(cells.source, data.body) &&
      values->AppendStored(encoding, section.data, section.size, data.header.num_values,
                           section.count)) {
    cells.Keep(std::move(data.body), page);
    return arrow::Status::OK();
  }
  return values->Append(encoding, section.data, section.size, data.header.num_values, section.count,
                        cells.dictionary);
}

/// Whether numbers may be read where they lie: anywhere in a mapped file, which costs no memory, so
/// that what is read of them is all that is copied. In a block, where they are aligned, as arrays
/// that share them need it.
bool MayStay(const StoredCells& cells, const PageBody& body, const ValueSection& section) {
  if (cells.IsMapped(body)) return true;
  return body.owner &&
         reinterpret_cast<uintptr_t>(section.data) % ScalarSize(cells.column.stored_scalar) == 0;
}

/// Decodes a page of lists or tuples by the runs of its levels. False if they have to be looked at
/// one by one.
arrow::Result<bool> DecodeByRuns(const StoredCells& cells, Page* page, BadCells* bad) {
  const ColumnInfo& column = cells.column;
  const bool is_widened = column.stored_scalar != column.type.scalar;
  ListRows runs(column, page->num_rows);
  DenseValues values(column, cells.descriptor);
  const std::byte* stored = nullptr;
  PageWalk pages(SpanOf(*cells.bytes), true);
  for (bool is_first = true;; is_first = false) {
    ARROW_ASSIGN_OR_RAISE(auto data, NextDataPage(cells, &pages));
    if (!data) break;
    const auto section = runs.Append(data->header, data->body.bytes);
    if (!section) return false;
    const bool is_only = is_first && pages.is_done();
    if (is_only && !is_widened && (column.type.is_array || runs.DenseRows()) &&
        cells.IsStoredAsRead(data->header, *section) && MayStay(cells, data->body, *section)) {
      stored = reinterpret_cast<const std::byte*>(section->data);
      cells.Keep(std::move(data->body), page);
      break;
    }
    ARROW_RETURN_NOT_OK(AppendValues(cells, std::move(*data), *section, is_only, &values, page));
  }
  const TextChecks checks = ChecksOf(column, values);
  if (const auto rows = runs.DenseRows(); rows && !is_widened && !values.is_string()) {
    if (*rows != page->num_rows) return false;
    if (!stored) FillDensePage(column, std::move(values), page);
  } else {
    auto spans = runs.Finish();
    if (!spans || spans->size() != page->num_rows) return false;
    ARROW_RETURN_NOT_OK(FillRows(column, std::move(*spans), std::move(values), checks, page, bad));
  }
  page->cells = stored ? stored : page->values.data();
  return true;
}

/// Decodes a page, looking at each level, unless all cells of a column without lists have a value.
arrow::Status DecodeByLevels(const StoredCells& cells, Page* page, BadCells* bad) {
  const ColumnInfo& column = cells.column;
  Levels levels;
  DenseValues values(column, cells.descriptor);
  PageWalk pages(SpanOf(*cells.bytes), column.max_rep > 0);
  for (bool is_first = true;; is_first = false) {
    ARROW_ASSIGN_OR_RAISE(auto data, NextDataPage(cells, &pages));
    if (!data) break;
    ARROW_ASSIGN_OR_RAISE(
        const ValueSection section,
        DecodeLevels(static_cast<int16_t>(column.max_def), static_cast<int16_t>(column.max_rep),
                     data->header, data->body.bytes, &levels));
    if (column.max_rep == 0 && cells.IsMapped(data->body) &&
        section.count == data->header.num_values &&
        static_cast<uint32_t>(section.count) == page->num_rows &&
        cells.IsStoredAsRead(data->header, section)) {
      page->cells = reinterpret_cast<const std::byte*>(section.data);
      cells.Keep(std::move(data->body), page);
      return arrow::Status::OK();
    }
    ARROW_RETURN_NOT_OK(
        AppendValues(cells, std::move(*data), section, is_first && pages.is_done(), &values, page));
  }
  const TextChecks checks = ChecksOf(column, values);
  // Most columns have no null in most pages; times, assets and paths need a look at each text.
  if (!IsTimeText(column) && !checks.test && !checks.has_bad_string && IsDense(column, levels)) {
    if (levels.count != page->num_rows) return WrongRowCount(levels.count, *page);
    FillDensePage(column, std::move(values), page);
    page->cells = page->values.data();
    return arrow::Status::OK();
  }
  return FillRows(column, AssembleRows(column, levels), std::move(values), checks, page, bad);
}

arrow::Status Decode(const PageSource& source, const ColumnInfo& column, ColumnChunk& chunk,
                     uint32_t index, Page* page, BadCells* bad) {
  const parquet::ColumnDescriptor& descriptor = *source.metadata.schema()->Column(column.leaf);
  StoredCells cells{source, column, descriptor, chunk, nullptr, nullptr};
  ARROW_ASSIGN_OR_RAISE(cells.dictionary, LoadDictionary(source, column, descriptor, chunk));
  ARROW_ASSIGN_OR_RAISE(cells.bytes, ReadPageBytes(source, chunk.pages[index]));
  page->first_row = chunk.pages[index].first_row;
  page->num_rows = chunk.PageRows(index);
  if (column.max_rep > 0) {
    Page decoded;
    decoded.first_row = page->first_row;
    decoded.num_rows = page->num_rows;
    ARROW_ASSIGN_OR_RAISE(const bool is_decoded, DecodeByRuns(cells, &decoded, bad));
    if (is_decoded) {
      *page = std::move(decoded);
      return arrow::Status::OK();
    }
  }
  return DecodeByLevels(cells, page, bad);
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
