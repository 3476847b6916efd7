#include "core/index/time_index.h"

#include <algorithm>
#include <bit>

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
  return range[0] <= range[1] && range[1] < runs_.size() &&
         blocks_->Verify(&runs_[range[0]], &runs_[range[1]] + 1);
}

bool TimeIndex::IsGoodSchedule(uint32_t number) const {
  if (number >= schedules_.size()) return false;
  const Schedule& schedule = schedules_[number];
  if (!blocks_->Verify(&schedule, &schedule + 1)) return false;
  const auto is_within = [](uint64_t first, uint64_t count, size_t size) {
    return first <= size && count <= size - first;
  };
  if (!is_within(schedule.first_code, schedule.num_codes, codes_.size()) ||
      !blocks_->Verify(codes_.data() + schedule.first_code,
                       codes_.data() + schedule.first_code + schedule.num_codes)) {
    return false;
  }
  return schedule.first_offset == kEvenlySpaced ||
         (is_within(schedule.first_offset, schedule.num_codes, offsets_.size()) &&
          blocks_->Verify(offsets_.data() + schedule.first_offset,
                          offsets_.data() + schedule.first_offset + schedule.num_codes));
}

size_t TimeIndex::MemoryUsage() const {
  if (!owned_) return 0;
  return owned_->directory.capacity() * sizeof(uint32_t) + owned_->runs.capacity() * sizeof(Run) +
         owned_->schedules.capacity() * sizeof(Schedule) +
         owned_->codes.capacity() * sizeof(double) + owned_->offsets.capacity() * sizeof(uint32_t);
}

}  // namespace usdparquet
