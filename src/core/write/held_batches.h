#pragma once

/// \file
/// Rows in memory, of which any can be taken in any order.

#include <arrow/record_batch.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/util/export.h"

namespace usdparquet {

/// Record batches of one schema. Does not copy them, and takes rows without joining them first.
/// Not thread-safe.
class USDPARQUET_API HeldBatches {
 public:
  void Add(std::shared_ptr<arrow::RecordBatch> batch);
  void Clear();
  int64_t num_rows() const { return num_rows_; }

  /// The rows of these numbers, which may repeat, in one batch. REQUIRES: there are batches.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Take(std::span<const uint32_t> rows) const;

 private:
  arrow::RecordBatchVector batches_;
  std::vector<int64_t> begins_;  // the first row of each
  int64_t num_rows_ = 0;
};

/// Rows of one batch, which may repeat.
USDPARQUET_API arrow::Result<std::shared_ptr<arrow::RecordBatch>> TakeRows(
    const std::shared_ptr<arrow::RecordBatch>& batch, std::span<const uint32_t> rows);

/// The rows of all batches, one behind the other. REQUIRES: there is one.
USDPARQUET_API arrow::Result<std::shared_ptr<arrow::RecordBatch>> JoinedBatches(
    const arrow::RecordBatchVector& batches);

}  // namespace usdparquet
