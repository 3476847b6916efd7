#pragma once

/// \file
/// Dictionaries of a table that comes in portions, each with its own.

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "core/util/export.h"

namespace usdparquet {

/// Puts the dictionaries of all portions together, as Arrow does where it concatenates arrays: the
/// values in the order in which they come. Until all are known, rows have codes instead. Not
/// thread-safe.
class USDPARQUET_API DictionaryPool {
 public:
  /// Whether columns have dictionaries, at any depth.
  static bool IsNeeded(const arrow::Schema& schema);

  explicit DictionaryPool(std::shared_ptr<arrow::Schema> schema);
  ~DictionaryPool();

  /// `batch` with codes in place of dictionaries.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Encode(
      std::shared_ptr<arrow::RecordBatch> batch);

  /// Rows of encoded batches with one dictionary again. Fails if its index has no room for all
  /// values. Nothing may be encoded afterwards.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Decode(
      std::shared_ptr<arrow::RecordBatch> batch);

 private:
  struct Entry;

  arrow::Result<std::shared_ptr<arrow::Array>> EncodeArray(
      const std::shared_ptr<arrow::Array>& array, size_t* entry);
  arrow::Result<std::shared_ptr<arrow::Array>> DecodeArray(
      const std::shared_ptr<arrow::Array>& array, const arrow::DataType& type, size_t* entry);

  const std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::Schema> encoded_schema_;  // null without dictionaries
  std::vector<std::unique_ptr<Entry>> entries_;    // of each dictionary type, in order
};

}  // namespace usdparquet
