#pragma once

/// \file
/// The rows of a stream in another order.

#include <arrow/record_batch.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/util/export.h"
#include "core/write/dictionary_pool.h"
#include "core/write/held_batches.h"
#include "core/write/sorted_rows.h"

namespace usdparquet {

/// Gives rows in any order, each any number of times or not at all. What memory has no room for
/// lies in a file without a name. Errors name the file that is to be written. Not thread-safe.
class USDPARQUET_API RearrangedRows final : public arrow::RecordBatchReader {
 public:
  /// Reads all of `rows`. `order` has the number of a row for each that is given. Of the rows a
  /// part of `memory` bytes is held (kRunShare), since whoever writes them holds some too; or all
  /// if they are in memory anyway (`is_held`). The rest lies beside `target`.
  static arrow::Result<std::shared_ptr<RearrangedRows>> Make(arrow::RecordBatchReader& rows,
                                                             std::vector<uint32_t> order,
                                                             int64_t memory, bool is_held,
                                                             const std::string& target);

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override;

 private:
  RearrangedRows(std::shared_ptr<arrow::Schema> schema, std::vector<uint32_t> order,
                 std::string target)
      : schema_(schema),
        order_(std::move(order)),
        target_(std::move(target)),
        dictionaries_(std::move(schema)) {}

  arrow::Status Hold(arrow::RecordBatchReader& rows);
  arrow::Status Sort(arrow::RecordBatchReader& rows, int64_t memory);
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Next();

  const std::shared_ptr<arrow::Schema> schema_;
  std::vector<uint32_t> order_;
  const std::string target_;
  // One of the two.
  DictionaryPool dictionaries_;
  HeldBatches held_;
  std::optional<SortedRows> sorted_;
  int64_t next_ = 0;   // row, if they are held, or else group
  int64_t count_ = 0;  // of rows or groups
};

}  // namespace usdparquet
