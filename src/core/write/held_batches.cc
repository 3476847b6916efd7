#include "core/write/held_batches.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/exec.h>
#include <arrow/datum.h>

#include <algorithm>
#include <utility>

#include "core/util/block_memory.h"

namespace usdparquet {

arrow::Result<std::shared_ptr<arrow::RecordBatch>> TakeRows(
    const std::shared_ptr<arrow::RecordBatch>& batch, std::span<const uint32_t> rows) {
  static auto* const context = new arrow::compute::ExecContext(BlockPool());
  const auto indices = std::make_shared<arrow::UInt32Array>(
      static_cast<int64_t>(rows.size()), arrow::Buffer::Wrap(rows.data(), rows.size()));
  ARROW_ASSIGN_OR_RAISE(
      const arrow::Datum taken,
      arrow::compute::Take(arrow::Datum(batch), arrow::Datum(indices),
                           arrow::compute::TakeOptions::NoBoundsCheck(), context));
  return taken.record_batch();
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> JoinedBatches(
    const arrow::RecordBatchVector& batches) {
  if (batches.size() == 1) return batches[0];
  return arrow::ConcatenateRecordBatches(batches, BlockPool());
}

void HeldBatches::Add(std::shared_ptr<arrow::RecordBatch> batch) {
  begins_.push_back(num_rows_);
  num_rows_ += batch->num_rows();
  batches_.push_back(std::move(batch));
}

void HeldBatches::Clear() {
  batches_.clear();
  begins_.clear();
  num_rows_ = 0;
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> HeldBatches::Take(
    std::span<const uint32_t> rows) const {
  if (batches_.size() == 1) return TakeRows(batches_[0], rows);
  // By batch, each of which is asked once; then each row goes to its place.
  std::vector<std::vector<uint32_t>> wanted(batches_.size());
  std::vector<uint32_t> batch_of(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto after = std::upper_bound(begins_.begin(), begins_.end(), int64_t{rows[i]});
    const auto batch = static_cast<uint32_t>(after - begins_.begin() - 1);
    batch_of[i] = batch;
    wanted[batch].push_back(static_cast<uint32_t>(rows[i] - begins_[batch]));
  }
  arrow::RecordBatchVector found;
  std::vector<uint32_t> next(batches_.size());  // where the batch's next row is among the found
  uint32_t before = 0;
  for (size_t batch = 0; batch < batches_.size(); ++batch) {
    next[batch] = before;
    if (wanted[batch].empty()) continue;
    before += static_cast<uint32_t>(wanted[batch].size());
    ARROW_ASSIGN_OR_RAISE(auto taken, TakeRows(batches_[batch], wanted[batch]));
    found.push_back(std::move(taken));
  }
  if (found.empty()) return batches_[0]->Slice(0, 0);
  ARROW_ASSIGN_OR_RAISE(const auto joined, JoinedBatches(found));
  if (found.size() == 1) return joined;
  found.clear();
  std::vector<uint32_t> order(rows.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = next[batch_of[i]]++;
  return TakeRows(joined, order);
}

}  // namespace usdparquet
