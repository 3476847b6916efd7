#pragma once

/// \file
/// Which rows of a long table hold which prim at which time.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/index/path_index.h"
#include "core/index/time_codes.h"
#include "core/sections/section_blocks.h"
#include "core/util/export.h"

namespace usdparquet {

/// The rows of one prim: at most one with its defaults, and one for each time code. A view into the
/// index; cheap to copy.
class PrimTimes {
 public:
  static constexpr uint32_t kNoRow = PrimId::kNone;

  /// The row with the defaults, or kNoRow.
  uint32_t default_row() const { return default_row_; }

  /// The time codes with a row, in rising order.
  std::span<const double> codes() const { return {codes_, count_}; }
  uint32_t size() const { return count_; }

  /// The row of time code number `i`. REQUIRES: i < size().
  uint32_t RowOf(uint32_t i) const {
    const uint32_t row = first_row_ + (offsets_ ? offsets_[i] : base_ + i * stride_);
    return row < num_rows_ ? row : RowInstead();
  }

  /// Whether the codes rise, as they do if the index is sound; one in a file is rejected otherwise.
  USDPARQUET_API bool HasGoodCodes() const;

  /// How many codes are not later than `code`; 0 for NaN.
  uint32_t CountUpTo(double code) const {
    if (count_ == 0 || !(code >= codes_[0])) return 0;
    if (code >= codes_[count_ - 1]) return count_;
    // The first guess is right where frames are evenly spaced, as they mostly are.
    const double share = (code - codes_[0]) / (codes_[count_ - 1] - codes_[0]);
    if (!(share < 1)) return SearchUpTo(code);  // the difference is not finite
    auto guess = static_cast<uint32_t>(share * (count_ - 1));
    if (guess > count_ - 2) guess = count_ - 2;
    if (codes_[guess] <= code) {
      if (code < codes_[guess + 1]) return guess + 1;
      if (guess + 2 < count_ && code < codes_[guess + 2]) return guess + 2;
    }
    return SearchUpTo(code);
  }

 private:
  friend class TimeIndex;

  uint32_t SearchUpTo(double code) const {
    uint32_t low = 0, high = count_;  // codes_[low] <= code < codes_[high]
    while (high - low > 1) {
      const uint32_t middle = low + (high - low) / 2;
      (codes_[middle] <= code ? low : high) = middle;
    }
    return low + 1;
  }

  const double* codes_ = nullptr;
  const uint32_t* offsets_ = nullptr;  ///< from the first row; null if they are base + i * stride
  uint32_t count_ = 0;
  uint32_t first_row_ = 0;
  uint32_t base_ = 0;
  uint32_t stride_ = 0;
  uint32_t default_row_ = kNoRow;
  uint32_t num_rows_ = 0;
  const SectionBlocks* blocks_ = nullptr;  ///< null unless the index lies in the file

  /// The prim's first row: RowOf gives it where the index names one that does not exist.
  USDPARQUET_API uint32_t RowInstead() const;
};

/// An immutable index of a long table, in which several rows share a path.
///
/// A prim is identified by its first row. Its *schedule* is the list of its time codes and of the
/// rows that hold them, counted from its first row. Tables have few schedules: where all P prims
/// have the same times, there is a single one, "0, 1, 2 …" if the table is sorted by path and
/// "0, P, 2P …" if by time. Neighbouring prims with the same schedule share a run of 8 bytes. Where
/// every prim has its own times, the index takes 8 bytes per row and 32 per prim, and 4 more per
/// row where a prim's rows are not evenly spaced.
///
/// What lies in a file is checked when it is used, its numbers too: one that can't be is rejected
/// (SectionBlocks), and what it stands for is not found.
///
/// Thread-safety: immutable once built.
class USDPARQUET_API TimeIndex {
 public:
  /// The rows of the prim whose first row is `first_row`.
  PrimTimes Find(uint32_t first_row) const {
    PrimTimes times;
    times.num_rows_ = num_rows_;
    times.first_row_ = first_row;
    times.blocks_ = blocks_.get();
    const Schedule* schedule = ScheduleOf(first_row);
    if (!schedule) return times;
    times.count_ = schedule->num_codes;
    times.codes_ = codes_.data() + schedule->first_code;
    times.base_ = schedule->base;
    times.stride_ = schedule->stride;
    if (schedule->first_offset != kEvenlySpaced) {
      times.offsets_ = offsets_.data() + schedule->first_offset;
    }
    if (schedule->default_offset != kNoDefault) {
      const uint32_t row = first_row + schedule->default_offset;
      if (row < num_rows_) times.default_row_ = row;
    }
    return times;
  }

  /// How the stored times became time codes.
  const TimeScale& scale() const { return scale_; }

  bool has_codes() const { return first_code_ <= last_code_; }
  /// The first and the last time code of the file. REQUIRES: has_codes().
  double first_code() const { return first_code_; }
  double last_code() const { return last_code_; }

  size_t num_schedules() const { return schedules_.size(); }
  size_t num_runs() const { return runs_.size(); }
  /// Whether all of an embedded index is undamaged and could be that of a file. Reads all of it.
  /// True for an index in memory.
  bool Check() const;

  /// Whether both say the same of the same rows. REQUIRES: Check() of each.
  bool IsSameAs(const TimeIndex& other) const;

  /// Rejects an embedded index that has a single schedule, if that does not give `prims` prims
  /// `rows` rows together. Reads a block or two.
  void CheckOnlySchedule(uint64_t prims, uint64_t rows) const;

  /// To be called where the table shows that an embedded index is wrong.
  void Reject(const char* what) const {
    if (blocks_) blocks_->Reject(what);
  }

  /// Whether the index lies in the file itself.
  bool is_embedded() const { return blocks_ != nullptr; }

  /// Bytes on the heap.
  size_t MemoryUsage() const;

 private:
  friend class TimeIndexBuilder;
  friend class TimeIndexFile;

  static constexpr uint32_t kEvenlySpaced = 0xffffffffu;
  static constexpr uint32_t kNoDefault = 0xffffffffu;

  struct Schedule {
    uint32_t first_code = 0;
    uint32_t num_codes = 0;
    uint32_t first_offset = kEvenlySpaced;
    uint32_t base = 0;
    uint32_t stride = 0;  // modulo 2^32, as later times may be in earlier rows
    uint32_t default_offset = kNoDefault;
  };
  /// Neighbouring prims with the same schedule: those whose first rows lie between `first_row` and
  /// that of the next run.
  struct Run {
    uint32_t first_row = 0;
    uint32_t schedule = 0;
  };
  struct Owned {
    std::vector<uint32_t> directory;
    std::vector<Run> runs;
    std::vector<Schedule> schedules;
    std::vector<double> codes;
    std::vector<uint32_t> offsets;
  };

  void MakeDirectory(Owned* owned);
  void Take(std::shared_ptr<Owned> owned);

  const Schedule* ScheduleOf(uint32_t first_row) const {
    const uint32_t block = first_row >> directory_shift_;
    if (runs_.empty() || first_row >= num_rows_) return NoSchedule();
    if (!blocks_ && runs_.size() == 1) return &schedules_[runs_[0].schedule];
    const uint32_t* range = &directory_[block];
    if (blocks_ && !AreGoodRuns(range)) return nullptr;
    uint32_t low = range[0], high = range[1];
    while (low < high) {
      const uint32_t middle = low + (high - low + 1) / 2;
      if (runs_[middle].first_row <= first_row) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    const uint32_t number = runs_[low].schedule;
    if (blocks_ && !(IsRunOf(low, first_row) && IsGoodSchedule(number, first_row))) return nullptr;
    return &schedules_[number];
  }

  const Schedule* NoSchedule() const;
  // Whether these parts of an embedded index may be read, and can be.
  bool AreGoodRuns(const uint32_t* range) const;
  bool IsRunOf(uint32_t run, uint32_t first_row) const;
  bool IsGoodSchedule(uint32_t number, uint32_t first_row) const;

  uint32_t num_rows_ = 0;
  TimeScale scale_;
  double first_code_ = 1, last_code_ = 0;
  /// Entry b is the last run that starts at or before row b << shift. Ends with one more entry.
  std::span<const uint32_t> directory_;
  uint32_t directory_shift_ = 0;
  std::span<const Run> runs_;
  std::span<const Schedule> schedules_;
  std::span<const double> codes_;
  std::span<const uint32_t> offsets_;
  std::shared_ptr<const Owned> owned_;
  std::shared_ptr<const SectionBlocks> blocks_;  // null unless the index lies in the file
};

}  // namespace usdparquet
