#include "core/index/time_index.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace usdparquet {

void TimeIndex::MakeDirectory(Owned* owned) {
  // About as many entries as there are runs.
  const uint64_t rows_per_run = owned->runs.empty() ? 1 : num_rows_ / owned->runs.size();
  directory_shift_ = static_cast<uint32_t>(std::bit_width(rows_per_run | 1)) - 1;
  const uint32_t num_blocks = (num_rows_ >> directory_shift_) + 1;
  owned->directory.clear();
  uint32_t run = 0;
  for (uint64_t block = 0; block <= num_blocks; ++block) {
    while (run + 1 < owned->runs.size() &&
           owned->runs[run + 1].first_row <= block << directory_shift_) {
      ++run;
    }
    owned->directory.push_back(run);
  }
}

void TimeIndex::Take(std::shared_ptr<Owned> owned) {
  MakeDirectory(owned.get());
  owned->directory.shrink_to_fit();
  owned->runs.shrink_to_fit();
  owned->schedules.shrink_to_fit();
  owned->codes.shrink_to_fit();
  owned->offsets.shrink_to_fit();
  directory_ = owned->directory;
  runs_ = owned->runs;
  schedules_ = owned->schedules;
  codes_ = owned->codes;
  offsets_ = owned->offsets;
  owned_ = std::move(owned);
}

bool TimeIndex::AreGoodRuns(const uint32_t* range) const {
  if (!blocks_->Verify(range, range + 2)) return false;
  if (range[0] > range[1] || range[1] >= runs_.size()) {
    return blocks_->Reject("its directory has impossible bounds");
  }
  return blocks_->Verify(&runs_[range[0]], &runs_[range[1]] + 1);
}

const TimeIndex::Schedule* TimeIndex::NoSchedule() const {
  if (blocks_) blocks_->Reject("it has no times for a prim");
  return nullptr;
}

/// Whether `run`, which may be read, is the last that starts at or before the row.
bool TimeIndex::IsRunOf(uint32_t run, uint32_t first_row) const {
  if (runs_[run].first_row > first_row) return blocks_->Reject("its directory is wrong");
  if (run + 1 >= runs_.size()) return true;
  const Run* next = &runs_[run + 1];
  if (!blocks_->Verify(next, next + 1)) return false;
  return next->first_row > first_row || blocks_->Reject("its directory is wrong");
}

/// Whether a prim whose first row is `first_row` can have that schedule. Takes a list of offsets as
/// it is: RowOf looks at each.
bool TimeIndex::IsGoodSchedule(uint32_t number, uint32_t first_row) const {
  if (number >= schedules_.size()) return blocks_->Reject("a run has an impossible schedule");
  const Schedule& schedule = schedules_[number];
  if (!blocks_->Verify(&schedule, &schedule + 1)) return false;
  const auto is_within = [](uint64_t first, uint64_t count, size_t size) {
    return first <= size && count <= size - first;
  };
  const int64_t rows_left = int64_t{num_rows_} - first_row;
  const auto is_row = [rows_left](int64_t offset) { return offset >= 0 && offset < rows_left; };
  const uint32_t count = schedule.num_codes;
  const bool is_even = schedule.first_offset == kEvenlySpaced;
  bool can_be = is_within(schedule.first_code, count, codes_.size()) &&
                (is_even || is_within(schedule.first_offset, count, offsets_.size())) &&
                (schedule.default_offset == kNoDefault || is_row(schedule.default_offset));
  if (is_even && count > 0) {
    const int64_t stride = static_cast<int32_t>(schedule.stride);
    can_be = can_be && is_row(schedule.base) && is_row(schedule.base + (count - 1) * stride);
  }
  if (!can_be) return blocks_->Reject("a schedule has impossible codes or rows");
  const double* codes = codes_.data() + schedule.first_code;
  if (!blocks_->Verify(codes, codes + count)) return false;
  if (count > 0 && !(std::isfinite(codes[0]) && std::isfinite(codes[count - 1]) &&
                     codes[0] <= codes[count - 1])) {
    return blocks_->Reject("a schedule has impossible time codes");
  }
  const uint32_t* offsets = is_even ? nullptr : offsets_.data() + schedule.first_offset;
  return is_even || blocks_->Verify(offsets, offsets + count);
}

bool PrimTimes::HasGoodCodes() const {
  for (uint32_t i = 0; blocks_ && i + 1 < count_; ++i) {
    if (!(codes_[i] < codes_[i + 1])) return blocks_->Reject("its time codes do not rise");
  }
  return true;
}

uint32_t PrimTimes::RowInstead() const {
  if (blocks_) blocks_->Reject("it has a row that the file does not have");
  return first_row_;
}

bool TimeIndex::IsSameAs(const TimeIndex& other) const {
  const auto is_same_run = [](const Run& a, const Run& b) {
    return a.first_row == b.first_row && a.schedule == b.schedule;
  };
  const auto is_same_schedule = [](const Schedule& a, const Schedule& b) {
    return a.first_code == b.first_code && a.num_codes == b.num_codes &&
           a.first_offset == b.first_offset && a.base == b.base && a.stride == b.stride &&
           a.default_offset == b.default_offset;
  };
  return num_rows_ == other.num_rows_ && directory_shift_ == other.directory_shift_ &&
         std::ranges::equal(directory_, other.directory_) &&
         std::ranges::equal(runs_, other.runs_, is_same_run) &&
         std::ranges::equal(schedules_, other.schedules_, is_same_schedule) &&
         std::ranges::equal(codes_, other.codes_) && std::ranges::equal(offsets_, other.offsets_);
}

bool TimeIndex::Check() const {
  if (!blocks_) return true;
  if (!blocks_->VerifyAll()) return false;
  for (uint32_t i = 0; i < directory_.size(); ++i) {
    if (directory_[i] > 0 && directory_[i] >= runs_.size()) {
      return blocks_->Reject("its directory has impossible bounds");
    }
  }
  for (uint32_t i = 0; i < runs_.size(); ++i) {
    const uint32_t row = runs_[i].first_row;
    if (row >= num_rows_ || (i > 0 && runs_[i - 1].first_row >= row)) {
      return blocks_->Reject("its runs do not rise");
    }
    if (!IsGoodSchedule(runs_[i].schedule, row)) return false;
  }
  uint64_t num_codes = 0;  // each schedule is that of a prim, which has that many rows
  for (const Schedule& schedule : schedules_) {
    num_codes += schedule.num_codes;
    if (schedule.first_code > codes_.size() ||
        schedule.num_codes > codes_.size() - schedule.first_code || num_codes > num_rows_) {
      return blocks_->Reject("a schedule has impossible codes or rows");
    }
    const auto codes = codes_.subspan(schedule.first_code, schedule.num_codes);
    for (size_t k = 0; k + 1 < codes.size(); ++k) {
      if (!(codes[k] < codes[k + 1])) return blocks_->Reject("its time codes do not rise");
    }
  }
  return true;
}

void TimeIndex::CheckOnlySchedule(uint64_t prims, uint64_t rows) const {
  if (!blocks_ || runs_.size() != 1 || !blocks_->Verify(&runs_[0], &runs_[0] + 1)) return;
  const uint32_t number = runs_[0].schedule;
  if (runs_[0].first_row >= num_rows_ || !IsGoodSchedule(number, runs_[0].first_row)) return;
  const Schedule& schedule = schedules_[number];
  const uint64_t rows_per_prim =
      uint64_t{schedule.num_codes} + (schedule.default_offset != kNoDefault);
  if (rows_per_prim * prims != rows) blocks_->Reject("it has more or fewer rows than the file");
}

size_t TimeIndex::MemoryUsage() const {
  if (!owned_) return 0;
  return owned_->directory.capacity() * sizeof(uint32_t) + owned_->runs.capacity() * sizeof(Run) +
         owned_->schedules.capacity() * sizeof(Schedule) +
         owned_->codes.capacity() * sizeof(double) + owned_->offsets.capacity() * sizeof(uint32_t);
}

}  // namespace usdparquet
