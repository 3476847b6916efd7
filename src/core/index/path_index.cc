#include "core/index/path_index.h"

namespace usdparquet {

bool PathIndex::AreGoodRuns(uint32_t begin, uint32_t end) const {
  if (begin > end || end > runs_.size() ||
      !blocks_->Verify(runs_.data() + begin, runs_.data() + end)) {
    return false;
  }
  for (uint32_t i = begin; i < end; ++i) {
    if (runs_[i].first_row > num_rows_ || runs_[i].count > num_rows_ - runs_[i].first_row)
      return false;
  }
  return true;
}

}  // namespace usdparquet
