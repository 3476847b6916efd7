#include "core/write/rearranged_rows.h"

#include <arrow/table.h>

#include <algorithm>
#include <span>
#include <utility>

#include "core/util/block_memory.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"

namespace usdparquet {
namespace {

/// Rows of a batch that is given.
constexpr int64_t kRowsAGiven = 131'072;

}  // namespace

arrow::Result<std::shared_ptr<RearrangedRows>> RearrangedRows::Make(arrow::RecordBatchReader& rows,
                                                                    std::vector<uint32_t> order,
                                                                    int64_t memory, bool is_held,
                                                                    const std::string& target) {
  auto made = Guarded([&]() -> arrow::Result<std::shared_ptr<RearrangedRows>> {
    std::shared_ptr<RearrangedRows> rearranged(
        new RearrangedRows(rows.schema(), std::move(order), target));
    ARROW_RETURN_NOT_OK(is_held ? rearranged->Hold(rows) : rearranged->Sort(rows, memory));
    return rearranged;
  });
  return WithFileName(std::move(made), target);
}

arrow::Status RearrangedRows::Hold(arrow::RecordBatchReader& rows) {
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(auto batch, rows.Next());
    if (!batch) break;
    if (batch->num_rows() == 0) continue;
    ARROW_ASSIGN_OR_RAISE(batch, dictionaries_.Encode(std::move(batch)));
    held_.Add(std::move(batch));
  }
  count_ = static_cast<int64_t>(order_.size());
  return arrow::Status::OK();
}

arrow::Status RearrangedRows::Sort(arrow::RecordBatchReader& rows, int64_t memory) {
  std::vector<uint32_t> wanted, places;  // the rows that are given as they come, and where they go
  {
    std::vector<uint64_t> keys(order_.size());
    for (size_t i = 0; i < keys.size(); ++i) keys[i] = uint64_t{order_[i]} << 32 | i;
    std::vector<uint32_t>().swap(order_);
    std::sort(keys.begin(), keys.end());
    wanted.resize(keys.size());
    places.resize(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      wanted[i] = static_cast<uint32_t>(keys[i] >> 32);
      places[i] = static_cast<uint32_t>(keys[i]);
    }
  }
  sorted_.emplace(std::move(places), kRowsAGiven, memory / kRunShare, false, target_);
  size_t next = 0;
  uint32_t first_row = 0;
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows.Next());
    if (!batch) break;
    const auto end_row = static_cast<uint32_t>(first_row + batch->num_rows());
    std::vector<uint32_t> taken;
    for (; next < wanted.size() && wanted[next] < end_row; ++next) {
      taken.push_back(wanted[next] - first_row);
    }
    first_row = end_row;
    if (taken.empty()) continue;
    ARROW_ASSIGN_OR_RAISE(const auto given, TakeRows(batch, taken));
    ARROW_ASSIGN_OR_RAISE(const auto table, arrow::Table::FromRecordBatches(schema_, {given}));
    ARROW_RETURN_NOT_OK(sorted_->Add(*table));
  }
  ARROW_RETURN_NOT_OK(sorted_->Finish());
  count_ = sorted_->num_groups();
  return arrow::Status::OK();
}

arrow::Status RearrangedRows::ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) {
  batch->reset();
  if (next_ == count_) return arrow::Status::OK();
  return WithFileName(Guarded([&] { return Next(); }), target_).Value(batch);
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> RearrangedRows::Next() {
  if (sorted_) {
    ARROW_ASSIGN_OR_RAISE(const auto table, sorted_->Group(next_++));
    return table->CombineChunksToBatch(BlockPool());
  }
  const int64_t count = std::min(kRowsAGiven, count_ - next_);
  const auto rows =
      std::span(order_).subspan(static_cast<size_t>(next_), static_cast<size_t>(count));
  next_ += count;
  ARROW_ASSIGN_OR_RAISE(auto taken, held_.Take(rows));
  return dictionaries_.Decode(std::move(taken));
}

}  // namespace usdparquet
