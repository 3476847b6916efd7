#pragma once

/// \file
/// From definition and repetition levels to rows.

#include <cstdint>
#include <vector>

#include "core/pages/dense_values.h"
#include "core/pages/page.h"
#include "core/schema/schema.h"
#include "core/util/export.h"

namespace usdparquet {

/// The levels of a page, as stored; `rep` is empty for columns without lists, `def` for columns
/// without nulls, and may be so for others without lists if no cell is null.
struct Levels {
  std::vector<int16_t> def;
  std::vector<int16_t> rep;
  uint32_t count = 0;
};

/// Where the values of one row lie among the dense values.
struct RowSpan {
  enum class State : uint8_t { kValue, kNull, kBad };
  uint32_t begin = 0;
  uint32_t count = 0;
  State state = State::kNull;
};

/// Whether every level of a column without lists stands for a value: then the dense values are the
/// rows.
bool IsDense(const ColumnInfo& column, const Levels& levels);

/// Moves the values of `page->num_rows` rows, of which none is null, into the page.
/// REQUIRES: IsDense.
void FillDensePage(const ColumnInfo& column, DenseValues&& values, Page* page);

/// The rows that `levels` describe. A row with a null inside its array or tuple, or with a
/// tuple of the wrong length, is kBad.
USDPARQUET_API std::vector<RowSpan> AssembleRows(const ColumnInfo& column, const Levels& levels);

/// Moves the dense values into the layout of `page`, whose row count is set.
/// REQUIRES: rows.size() == page->num_rows.
void FillPage(const ColumnInfo& column, const std::vector<RowSpan>& rows, DenseValues&& values,
              Page* page);

}  // namespace usdparquet
