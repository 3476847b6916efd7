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

/// The rows of one prim: at most one with its defaults, and one a time code.
/// A view into the index; cheap to copy.
class PrimTimes {
 public:
  static constexpr uint32_t kNoRow = PrimId::kNone;

  /// The row with the defaults, or kNoRow.
  uint32_t default_row() const { return default_row_; }

  /// The time codes with a row, rising.
  std::span<const double> codes() const { return {codes_, count_}; }
  uint32_t size() const { return count_; }

  /// The row of time code number `i`. REQUIRES: i < size().
  uint32_t RowOf(uint32_t i) const {
    const uint32_t row = first_row_ + (offsets_ ? offsets_[i] : base_ + i * stride_);
    return row < num_rows_ ? row : last_resort_;
  }

  /// How many codes are not later than `code`; 0 for NaN.
  uint32_t CountUpTo(double code) const {
    if (count_ == 0 || !(code >= codes_[0])) return 0;
    if (code >= codes_[count_ - 1]) return count_;
    // Frames mostly follow each other at equal distances: then the first guess is right.
    const double share = (code - codes_[0]) / (codes_[count_ - 1] - codes_[0]);
    if (!(share < 1)) return SearchUpTo(code);  // the difference is no finite number
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
  uint32_t last_resort_ = 0;  ///< a row that is there, where a file's index says nonsense
};

/// An immutable index of a long table, in which several rows share a path.
///
/// A prim is known by its first row. Its *schedule* is the list of its time codes and of the rows
/// that hold them, counted from its first row. Tables have few of them: where all prims have the
/// same times, a table sorted by path has the schedule "0, 1, 2 …" and one sorted by time "0, P, 2P
/// …", whichever the prim. Neighbouring prims with one schedule share a run of 8 bytes. Where every
/// prim has times of its own, an index costs 8 bytes a row, 32 a prim, and 4 a row more where a
/// prim's rows are not evenly spaced.
///
/// Thread-safety: immutable once built.
class USDPARQUET_API TimeIndex {
 public:
  /// The rows of the prim whose first row is `first_row`.
  PrimTimes Find(uint32_t first_row) const {
    PrimTimes times;
    times.num_rows_ = num_rows_;
    times.first_row_ = times.last_resort_ = first_row;
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
    uint32_t stride = 0;  // modulo 2^32: times may fall where rows rise
    uint32_t default_offset = kNoDefault;
  };
  /// Prims with one schedule whose first rows follow each other: from `first_row` to before the
  /// next run's.
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
    if (runs_.empty()) return nullptr;
    const uint32_t block = first_row >> directory_shift_;
    if (block + 1 >= directory_.size()) return nullptr;
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
    if (blocks_ && !IsGoodSchedule(number)) return nullptr;
    return &schedules_[number];
  }

  // Whether what lies in a file may be read.
  bool AreGoodRuns(const uint32_t* range) const;
  bool IsGoodSchedule(uint32_t number) const;

  uint32_t num_rows_ = 0;
  TimeScale scale_;
  double first_code_ = 1, last_code_ = 0;
  /// Entry b: the last run that starts not behind row b << shift. With one entry behind.
  std::span<const uint32_t> directory_;
  uint32_t directory_shift_ = 0;
  std::span<const Run> runs_;
  std::span<const Schedule> schedules_;
  std::span<const double> codes_;
  std::span<const uint32_t> offsets_;
  std::shared_ptr<const Owned> owned_;
  std::shared_ptr<const SectionBlocks> blocks_;  // of an index that lies in a file
};

}  // namespace usdparquet
