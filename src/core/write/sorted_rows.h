#pragma once

/// \file
/// Puts rows at their places, outside of memory where they do not fit.

#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/table.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/util/export.h"
#include "core/write/batch_spool.h"
#include "core/write/dictionary_pool.h"
#include "core/write/held_batches.h"

namespace usdparquet {

/// A run of sorted rows may take one part in so many of the memory for rows, and so may a portion
/// of a file.
inline constexpr int64_t kRunShare = 4;

/// Takes the rows of a table portion by portion and gives them back in their order, row group by
/// row group. What is beyond the memory given is put aside as *runs*: each is a stretch of rows in
/// their order, cut where row groups begin. A row group is merged from its pieces of all runs.
/// Errors do not name a file. Not thread-safe.
class USDPARQUET_API SortedRows {
 public:
  /// `places[row]` is where the row goes: a permutation. Runs take up to `run_bytes`; if `is_held`,
  /// the caller has all rows in memory anyway, and none are put aside. They lie beside `target`.
  SortedRows(std::vector<uint32_t> places, int64_t rows_per_group, int64_t run_bytes, bool is_held,
             std::string target);

  /// Adds the next rows. Small portions are copied together.
  arrow::Status Add(const arrow::Table& rows);
  /// After the last rows.
  arrow::Status Finish();

  int64_t num_groups() const;
  /// The rows of row group `group`, each column in one piece.
  arrow::Result<std::shared_ptr<arrow::Table>> Group(int64_t group);

  bool is_spilled() const { return spool_.size() > 0; }
  int64_t num_rows_added() const { return run_begin_ + held_.num_rows() + small_rows_; }

 private:
  /// Where the rows of a row group are in the spool.
  struct Piece {
    uint32_t group = 0;
    size_t batch = 0;
  };

  arrow::Status AddBatch(std::shared_ptr<arrow::RecordBatch> batch);
  arrow::Status JoinSmall();
  arrow::Status SpillRun();
  void SortHeld();
  uint32_t PlaceOf(uint32_t held_row) const {
    return places_[static_cast<size_t>(run_begin_) + held_row];
  }
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Merge(uint32_t group) const;

  std::vector<uint32_t> places_;
  const int64_t num_rows_;
  const int64_t rows_per_group_;
  const int64_t run_bytes_;
  const bool is_held_;
  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<DictionaryPool> dictionaries_;
  arrow::RecordBatchVector small_;  // to be copied together
  int64_t small_rows_ = 0;
  int64_t small_size_ = 0;
  HeldBatches held_;  // of the run at hand
  int64_t held_size_ = 0;
  int64_t run_begin_ = 0;        // rows before the run at hand
  std::vector<uint32_t> order_;  // of the run at hand: its rows by their places
  BatchSpool spool_;
  std::vector<Piece> pieces_;  // by group once all are there
};

}  // namespace usdparquet
