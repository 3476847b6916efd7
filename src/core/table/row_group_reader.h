#pragma once

/// \file
/// A Parquet file as a table that is read by row group, whether it is a layer or not.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/table/bulk_reader.h"
#include "core/table/table_file.h"
#include "core/util/export.h"

namespace usdparquet {

/// Reads columns of a file one row group at a time. What it returns was verified, as by BulkReader;
/// whether text is UTF-8 was not. Statistics are not looked at.
///
/// Errors name the file, and where one is known the column and the row. Not thread-safe; reads in
/// several threads.
class USDPARQUET_API RowGroupReader {
 public:
  /// Reads the footer. `name` is what messages call the file.
  static arrow::Result<std::unique_ptr<RowGroupReader>> Open(
      std::shared_ptr<arrow::io::RandomAccessFile> file, std::string name);

  /// The same of a file or a dataset that was opened.
  static arrow::Result<std::unique_ptr<RowGroupReader>> Open(TableFile file, std::string name);

  /// All columns, in the types that Read gives them, without the file's metadata.
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  const parquet::FileMetaData& metadata() const { return *file_.metadata(); }
  /// The first row of each row group, then the total number of rows.
  const std::vector<uint32_t>& group_first_rows() const { return file_.group_first_rows(); }

  /// The columns of these numbers, in this order, in one row group. Without columns, the table has
  /// the rows of the group nevertheless.
  arrow::Result<std::shared_ptr<arrow::Table>> Read(int row_group,
                                                    const std::vector<int>& columns) const;

 private:
  RowGroupReader(TableFile file, std::string name)
      : file_(std::move(file)), name_(std::move(name)) {}

  arrow::Status Init();
  arrow::Result<std::shared_ptr<arrow::Table>> ReadColumns(int row_group,
                                                           const std::vector<int>& columns) const;

  const TableFile file_;
  const std::string name_;
  std::unique_ptr<BulkReader> bulk_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::vector<int>> leaves_;  ///< of each column
};

}  // namespace usdparquet
