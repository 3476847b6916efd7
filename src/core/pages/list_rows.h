#pragma once

/// \file
/// The rows of a column of lists or tuples, as the runs tell them in which levels are stored.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/pages/page_header.h"
#include "core/pages/page_levels.h"
#include "core/pages/row_assembly.h"
#include "core/schema/schema.h"
#include "core/util/export.h"

namespace usdparquet {

/// Assembles rows from the levels of one or more pages, up to 64 levels at a time. It knows rows of
/// whole values, nulls and empty arrays; levels of anything else have to be decoded (DecodeLevels)
/// and looked at one by one (AssembleRows), which gives the same for those.
///
/// Repetition levels that follow each other are compared with those of one endless row, whose
/// tuples are all whole: where they differ, a row begins. Definition levels are skipped where they
/// say that there is a value, which is mostly one run for the whole page.
class USDPARQUET_API ListRows {
 public:
  /// Rows of `column`, of which there may be `most_rows`. REQUIRES: column.max_rep > 0.
  ListRows(const ColumnInfo& column, uint32_t most_rows);

  /// Adds the rows of a data page, whose decompressed body is `body`, and returns where its values
  /// lie. Nothing where this knows no such levels, or they are damaged; no function is to be called
  /// then. REQUIRES: what the header claims was checked.
  std::optional<ValueSection> Append(const PageHeader& header, std::span<const uint8_t> body);

  /// The number of rows if each of them is a tuple, so that the values are the rows.
  std::optional<uint32_t> DenseRows() const;

  /// The rows of all pages; nothing, as above, if the last one is not whole. To be called once.
  std::optional<std::vector<RowSpan>> Finish();

 private:
  static constexpr uint32_t kLargestTuple = 16;

  /// Levels one behind the other that stand for no value, each a row.
  struct Gap {
    uint32_t at = 0;
    uint32_t count = 0;
    uint32_t def = 0;
  };

  bool ReadGaps(std::span<const uint8_t> bytes, uint32_t count);
  void AddGap(uint32_t at, uint32_t count, uint32_t def);
  bool ReadRows(std::span<const uint8_t> bytes, uint32_t count);
  bool AddLevels(uint64_t levels, uint32_t count);
  bool AddValues(uint64_t levels, uint32_t count);
  bool AddRowsWithoutValue(uint32_t def, uint32_t count);
  bool CloseRow();

  uint32_t LevelsPerWord() const { return 64 / rep_width_; }
  /// The lower bits of a word of repetition levels, those of the first `count`.
  uint64_t MaskOf(uint32_t count) const {
    return count >= LevelsPerWord() ? ~uint64_t{0} : (uint64_t{1} << (count * rep_width_)) - 1;
  }

  const uint32_t most_rows_;
  const bool is_array_;
  const uint32_t tuple_;      // components of one, 1 where there are no tuples
  const uint32_t outer_def_;  // from here on there is an element
  const uint32_t max_def_;
  const uint32_t rep_width_;  // in bits
  // A word of levels within a row that begins with component number `phase_` of a tuple, and the
  // bits of it that a row that begins there has otherwise.
  std::array<uint64_t, kLargestTuple> within_row_{};
  std::array<uint64_t, kLargestTuple> row_starts_{};

  std::vector<RowSpan> rows_;
  bool is_in_row_ = false;   // the last row may go on
  uint32_t num_values_ = 0;  // so far
  uint32_t phase_ = 0;       // the component of a tuple that is next
  uint32_t closed_ = 0;      // the values of tuples that are in `rows_`

  // Of the page that is being added.
  std::vector<Gap> gaps_;
  size_t next_gap_ = 0;
  uint32_t at_ = 0;  // the level that is next
};

}  // namespace usdparquet
