#include "core/pages/row_assembly.h"

#include <arrow/util/float16.h>

#include <algorithm>
#include <cstring>

namespace usdparquet {
namespace {

/// Rows of a column without lists: one level a row.
std::vector<RowSpan> AssembleFlat(const ColumnInfo& column, const Levels& levels) {
  std::vector<RowSpan> rows(levels.count);
  uint32_t next = 0;
  for (uint32_t i = 0; i < levels.count; ++i) {
    const bool is_value = levels.def.empty() || levels.def[i] == column.max_def;
    rows[i] = {next, is_value ? 1u : 0u, is_value ? RowSpan::State::kValue : RowSpan::State::kNull};
    next += rows[i].count;
  }
  return rows;
}

/// Rows of arrays, tuples and arrays of tuples.
std::vector<RowSpan> AssembleNested(const ColumnInfo& column, const Levels& levels) {
  std::vector<RowSpan> rows;
  rows.reserve(static_cast<size_t>(std::count(levels.rep.begin(), levels.rep.end(), 0)));
  const uint32_t tuple = column.tuple_def > 0 ? column.type.tuple : 1;
  // The outermost list decides whether the row is null or empty.
  const int16_t outer_def = column.list_def > 0 ? column.list_def : column.tuple_def;
  const bool is_array_of_tuples = column.list_def > 0 && column.tuple_def > 0;
  uint32_t next = 0, components = 0;

  const auto close_row = [&] {
    if (rows.empty()) return;
    RowSpan& row = rows.back();
    row.count = next - row.begin;
    if (row.state != RowSpan::State::kValue) return;
    const bool is_short = is_array_of_tuples ? row.count > 0 && components != tuple
                                             : column.tuple_def > 0 && row.count != tuple;
    if (is_short) row.state = RowSpan::State::kBad;
  };
  for (uint32_t i = 0; i < levels.count; ++i) {
    const int16_t def = levels.def[i], rep = levels.rep[i];
    if (rep == 0 || rows.empty()) {
      close_row();
      rows.push_back(
          {next, 0, def < outer_def - 1 ? RowSpan::State::kNull : RowSpan::State::kValue});
      components = tuple;
    }
    RowSpan& row = rows.back();
    if (def < outer_def) continue;  // null or empty: there is no element
    if (is_array_of_tuples && rep <= 1) {
      if (components != tuple) row.state = RowSpan::State::kBad;
      components = 0;
    }
    if (def == column.max_def) {
      ++next;
      ++components;
    } else {
      row.state = RowSpan::State::kBad;
    }
  }
  close_row();
  return rows;
}

/// Copies `count` scalars, widened to double where Sdf has the tuple only so.
void CopyScalars(Scalar stored, Scalar presented, const std::byte* from, uint32_t count,
                 std::byte* to) {
  if (count == 0) return;  // of nothing, there may be no address
  if (stored == presented) {
    std::memcpy(to, from, count * ScalarSize(stored));
    return;
  }
  for (uint32_t i = 0; i < count; ++i) {
    double wide;
    if (stored == Scalar::kFloat) {
      float value;
      std::memcpy(&value, from + i * sizeof(value), sizeof(value));
      wide = value;
    } else {
      uint16_t bits;
      std::memcpy(&bits, from + i * sizeof(bits), sizeof(bits));
      wide = arrow::util::Float16::FromBits(bits).ToDouble();
    }
    std::memcpy(to + i * sizeof(wide), &wide, sizeof(wide));
  }
}

bool IsEveryRowPresent(const std::vector<RowSpan>& rows) {
  for (const RowSpan& row : rows) {
    if (row.state != RowSpan::State::kValue) return false;
  }
  return true;
}

/// Whether the dense values are the elements of the page, one behind the other: those of arrays
/// also where rows are null.
bool IsDenseOrder(const ColumnInfo& column, const std::vector<RowSpan>& rows, const Page& page) {
  if (page.presence.empty()) return true;
  return column.type.is_array && std::ranges::none_of(rows, [](const RowSpan& row) {
           return row.state == RowSpan::State::kBad;
         });
}

/// The texts of a column without arrays, with an empty one in each row that has no value. None of
/// them moves: where one is missing, the next begins.
void SpreadStrings(const std::vector<RowSpan>& rows, StringPool&& dense, StringPool* strings) {
  RawVector<uint32_t> offsets(rows.size() + 1);
  for (size_t i = 0; i < rows.size(); ++i) offsets[i] = dense.offsets[rows[i].begin];
  offsets.back() = dense.offsets.back();
  *strings = std::move(dense);
  strings->offsets = std::move(offsets);
}

void FillStrings(const ColumnInfo& column, const std::vector<RowSpan>& rows, DenseValues&& values,
                 Page* page) {
  page->dictionary = values.codes.empty() ? nullptr : values.dictionary;
  if (IsDenseOrder(column, rows, *page)) {
    page->codes = std::move(values.codes);
    page->strings = std::move(values.strings);
  } else if (values.codes.empty() && !column.type.is_array && values.size() > 0) {
    SpreadStrings(rows, std::move(values.strings), &page->strings);
  } else {
    for (const RowSpan& row : rows) {
      if (row.state != RowSpan::State::kValue) {
        if (column.type.is_array) continue;
        values.codes.empty() ? page->strings.Append({}) : page->codes.push_back(0);
        continue;
      }
      for (uint32_t i = row.begin; i < row.begin + row.count; ++i) {
        values.codes.empty() ? page->strings.Append(values.strings[i])
                             : page->codes.push_back(values.codes[i]);
      }
    }
  }
  page->codes.shrink_to_fit();
  page->strings.chars.shrink_to_fit();
  page->strings.offsets.shrink_to_fit();
}

void FillFixed(const ColumnInfo& column, const std::vector<RowSpan>& rows, DenseValues&& values,
               Page* page) {
  const bool is_widened = column.stored_scalar != column.type.scalar;
  if (!is_widened && IsDenseOrder(column, rows, *page)) {
    page->values = std::move(values.fixed);
    return;
  }
  const size_t stored = ScalarSize(column.stored_scalar),
               presented = ScalarSize(column.type.scalar);
  const size_t stride = column.type.is_array ? 0 : column.type.tuple * presented;
  size_t total = 0;
  for (const RowSpan& row : rows) {
    total += stride != 0 ? stride : row.state == RowSpan::State::kValue ? row.count * presented : 0;
  }
  page->values.resize(total);
  std::byte* out = page->values.data();
  for (const RowSpan& row : rows) {
    if (row.state == RowSpan::State::kValue) {
      CopyScalars(column.stored_scalar, column.type.scalar,
                  values.fixed.data() + row.begin * stored, row.count, out);
    }
    out += stride != 0 ? stride : row.state == RowSpan::State::kValue ? row.count * presented : 0;
  }
}

}  // namespace

bool IsDense(const ColumnInfo& column, const Levels& levels) {
  return column.max_rep == 0 &&
         (levels.def.empty() ||
          std::find_if(levels.def.begin(), levels.def.end(),
                       [&](int16_t def) { return def != column.max_def; }) == levels.def.end());
}

void FillDensePage(const ColumnInfo& column, DenseValues&& values, Page* page) {
  const std::vector<RowSpan> no_rows;  // needed only where cells are missing
  if (values.is_string()) {
    FillStrings(column, no_rows, std::move(values), page);
  } else {
    page->values = std::move(values.fixed);
  }
}

std::vector<RowSpan> AssembleRows(const ColumnInfo& column, const Levels& levels) {
  return column.max_rep == 0 ? AssembleFlat(column, levels) : AssembleNested(column, levels);
}

void FillPage(const ColumnInfo& column, const std::vector<RowSpan>& rows, DenseValues&& values,
              Page* page) {
  if (!IsEveryRowPresent(rows)) {
    page->presence.assign((rows.size() + 63) / 64, 0);
    for (size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].state == RowSpan::State::kValue)
        page->presence[i >> 6] |= uint64_t{1} << (i & 63);
    }
  }
  if (column.type.is_array) {
    page->offsets.resize(rows.size() + 1);
    for (size_t i = 0; i < rows.size(); ++i) {
      const bool is_value = rows[i].state == RowSpan::State::kValue;
      page->offsets[i + 1] = page->offsets[i] + (is_value ? rows[i].count / column.type.tuple : 0);
    }
  }
  if (values.is_string()) {
    FillStrings(column, rows, std::move(values), page);
  } else {
    FillFixed(column, rows, std::move(values), page);
  }
}

}  // namespace usdparquet
