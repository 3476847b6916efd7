#include "core/index/path_index.h"

#include <algorithm>

#include "core/util/limits.h"

namespace usdparquet {

void PathIndex::RejectRow() const { blocks_->Reject("it has a row that the file does not have"); }

bool PathIndex::CanBe(uint32_t number, const ParentPrim& parent) const {
  const bool is_root = number == 0;
  const bool has_good_row = parent.row == PrimId::kNone || (!is_root && parent.row < num_rows_);
  const bool has_good_depth =
      is_root ? parent.depth == 0 : parent.depth > 0 && parent.depth <= kMaxPathDepth;
  return (has_good_row && has_good_depth) ||
         blocks_->Reject("a prim with children has an impossible row or depth");
}

bool PathIndex::AreGoodRuns(PrimId prim, uint32_t begin, uint32_t end) const {
  const bool may_be_empty = prim == root() && num_row_prims() == 0;
  if (begin > end || end > runs_.size() || (begin == end && !may_be_empty)) {
    return blocks_->Reject("the children of a prim have impossible bounds");
  }
  if (!blocks_->Verify(runs_.data() + begin, runs_.data() + end)) return false;
  uint32_t next = 0;  // so no row is there twice, and their sum is bounded
  for (const ChildRun& run : runs_.subspan(begin, end - begin)) {
    if (run.count == 0 || run.first_row < next || run.first_row >= num_rows_ ||
        run.count > num_rows_ - run.first_row) {
      return blocks_->Reject("the children of a prim have impossible rows");
    }
    next = run.first_row + run.count;
  }
  return true;
}

bool PathIndex::Check() const {
  if (!blocks_) return true;
  const auto parents = static_cast<uint32_t>(num_parents());
  if (!blocks_->VerifyAll() || !row_table_.Check(num_rows_) || !parent_table_.Check(parents)) {
    return false;
  }
  if (parents_.front().runs_begin != 0 || parents_.back().runs_begin != runs_.size() ||
      parent_table_.size() != parents) {
    return blocks_->Reject("it does not have all prims with children");
  }
  uint64_t listed = 0, prims = num_row_prims();
  for (uint32_t number = 0; number < parents; ++number) {
    if (!IsGoodParent(number)) return false;
    const uint32_t begin = parents_[number].runs_begin, end = parents_[number + 1].runs_begin;
    if (!AreGoodRuns(PrimId::Parent(number), begin, end)) return false;
    for (const ChildRun& run : runs_.subspan(begin, end - begin)) listed += run.count;
    prims += number > 0 && parents_[number].row == PrimId::kNone;
  }
  return listed == prims || blocks_->Reject("it lists more or fewer children than it has prims");
}

bool PathIndex::IsSameAs(const PathIndex& other) const {
  const auto is_same_parent = [](const ParentPrim& a, const ParentPrim& b) {
    return a.row == b.row && a.depth == b.depth && a.runs_begin == b.runs_begin;
  };
  const auto is_same_run = [](const ChildRun& a, const ChildRun& b) {
    return a.first_row == b.first_row && a.count == b.count;
  };
  return seed_ == other.seed_ && num_rows_ == other.num_rows_ &&
         row_table_.IsSameAs(other.row_table_) && parent_table_.IsSameAs(other.parent_table_) &&
         std::ranges::equal(parents_, other.parents_, is_same_parent) &&
         std::ranges::equal(runs_, other.runs_, is_same_run);
}

}  // namespace usdparquet
