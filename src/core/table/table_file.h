#pragma once

/// \file
/// The footer of a Parquet file, checked: its row groups and their rows.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <parquet/metadata.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace usdparquet {

/// A Parquet file whose footer was read. Immutable; thread-safe.
class TableFile {
 public:
  /// Reads the footer of `file`. Fails with the reason if that is no whole, plain Parquet file, or
  /// has more rows than a layer can hold. Arrow's Parquet classes may throw.
  static arrow::Result<TableFile> Open(std::shared_ptr<arrow::io::RandomAccessFile> file);

  const std::shared_ptr<arrow::io::RandomAccessFile>& file() const { return file_; }
  const std::shared_ptr<parquet::FileMetaData>& metadata() const { return metadata_; }

  uint32_t num_rows() const { return first_rows_.back(); }
  uint32_t num_groups() const { return static_cast<uint32_t>(first_rows_.size() - 1); }
  /// The first row of each row group, then the total number of rows.
  const std::vector<uint32_t>& group_first_rows() const { return first_rows_; }
  /// Rows per group, if equal in all but the last; else 0.
  uint32_t rows_per_group() const { return rows_per_group_; }

  /// The row group that holds `row`. REQUIRES: row < num_rows().
  uint32_t GroupOf(uint32_t row) const {
    uint32_t low = 0, high = num_groups();
    while (high - low > 1) {
      const uint32_t middle = (low + high) / 2;
      (first_rows_[middle] <= row ? low : high) = middle;
    }
    return low;
  }

 private:
  arrow::Status CountRows();

  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  std::shared_ptr<parquet::FileMetaData> metadata_;
  std::vector<uint32_t> first_rows_;
  uint32_t rows_per_group_ = 0;
};

}  // namespace usdparquet
