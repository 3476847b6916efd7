#pragma once

/// \file
/// Rows that are put aside, in memory as far as there is room.

#include <arrow/record_batch.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/util/export.h"
#include "core/util/spill_file.h"

namespace usdparquet {

/// Record batches of one schema, each of which comes back as it was. The first ones stay in memory;
/// those beyond `held_bytes` lie in a nameless file beside `target`. Errors do not name a file.
class USDPARQUET_API BatchSpool {
 public:
  BatchSpool(std::string target, int64_t held_bytes)
      : target_(std::move(target)), held_bytes_(held_bytes) {}

  arrow::Status Append(const std::shared_ptr<arrow::RecordBatch>& batch);

  size_t size() const { return places_.size(); }
  int64_t num_rows() const { return num_rows_; }
  bool is_spilled() const { return file_ != nullptr; }
  /// The rows of the batches before batch number `i`.
  int64_t FirstRow(size_t i) const { return places_[i].first_row; }

  /// Batch number `i`. Any number of threads may call it once all are appended.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Read(size_t i) const;

 private:
  struct Place {
    int64_t first_row = 0;
    std::shared_ptr<arrow::RecordBatch> batch;  // null: in the file
    int64_t offset = 0;
    int64_t size = 0;
  };

  const std::string target_;
  int64_t held_bytes_;  // what may still be held
  int64_t num_rows_ = 0;
  std::shared_ptr<arrow::Schema> schema_;
  bool has_dictionaries_ = false;
  std::unique_ptr<SpillFile> file_;
  std::vector<Place> places_;
};

/// The bytes that the rows of `batch` take, wherever they lie.
USDPARQUET_API int64_t SizeOf(const arrow::RecordBatch& batch);

}  // namespace usdparquet
