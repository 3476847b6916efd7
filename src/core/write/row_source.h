#pragma once

/// \file
/// Rows that can be read several times, portion by portion.

#include <arrow/result.h>
#include <arrow/table.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/table/bulk_reader.h"
#include "core/table/table_file.h"
#include "core/util/export.h"
#include "core/write/batch_spool.h"

namespace usdparquet {

/// The rows of a table, wherever they are. Not thread-safe.
class USDPARQUET_API RowSource {
 public:
  /// Takes the next rows, all of one schema.
  using Visitor = std::function<arrow::Status(const arrow::Table&)>;

  virtual ~RowSource() = default;
  /// All columns, with the metadata of the table.
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  virtual int64_t num_rows() const = 0;
  /// Whether all rows are in memory anyway.
  virtual bool is_held() const = 0;
  /// Whether where portions end, and arrays within them, means nothing.
  virtual bool is_cut_anywhere() const = 0;

  /// Calls `f` with the rows, in their order; of each the columns of these numbers, rising. Ends
  /// with the error of `f`, if that has one.
  arrow::Status Visit(const std::vector<int>& columns, const Visitor& f) const;
  /// The same with all columns.
  arrow::Status VisitAll(const Visitor& f) const;

 protected:
  /// As Visit. An error of `f` has to come back as it is, all others with the name of their file.
  virtual arrow::Status Read(const std::vector<int>& columns, const Visitor& f) const = 0;
};

/// A table in memory. There is one portion, which is the table.
class USDPARQUET_API TableRows final : public RowSource {
 public:
  explicit TableRows(std::shared_ptr<arrow::Table> table) : table_(std::move(table)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return table_->schema(); }
  int64_t num_rows() const override { return table_->num_rows(); }
  bool is_held() const override { return true; }
  bool is_cut_anywhere() const override { return false; }

 private:
  arrow::Status Read(const std::vector<int>& columns, const Visitor& f) const override;

  const std::shared_ptr<arrow::Table> table_;
};

/// Rows that were put aside.
class USDPARQUET_API SpooledRows final : public RowSource {
 public:
  SpooledRows(std::shared_ptr<arrow::Schema> schema, std::unique_ptr<BatchSpool> spool,
              std::string name)
      : schema_(std::move(schema)), spool_(std::move(spool)), name_(std::move(name)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  int64_t num_rows() const override { return spool_->num_rows(); }
  bool is_held() const override { return !spool_->is_spilled(); }
  bool is_cut_anywhere() const override { return false; }

 private:
  arrow::Status Read(const std::vector<int>& columns, const Visitor& f) const override;

  const std::shared_ptr<arrow::Schema> schema_;
  const std::unique_ptr<BatchSpool> spool_;
  const std::string name_;
};

/// A Parquet file, or the files of a dataset. Pages are verified, and the text in cells; errors
/// name it.
class USDPARQUET_API FileRows final : public RowSource {
 public:
  /// Opens the file, or the folder of the dataset, `name`. A portion takes some `portion_bytes`; of
  /// a dataset no more than a row group is held at once.
  static arrow::Result<std::unique_ptr<FileRows>> Open(const std::string& name,
                                                       int64_t portion_bytes);
  const TableFile& file() const { return file_; }
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  int64_t num_rows() const override { return file_.num_rows(); }
  bool is_held() const override { return false; }
  bool is_cut_anywhere() const override { return true; }

 private:
  FileRows(TableFile file, std::string name, int64_t portion_bytes)
      : file_(std::move(file)), name_(std::move(name)), portion_bytes_(portion_bytes) {}
  arrow::Status Init();
  arrow::Status Read(const std::vector<int>& columns, const Visitor& f) const override;
  /// What the footer says that a row group takes.
  arrow::Result<int64_t> BytesOf(uint32_t group) const;

  const TableFile file_;
  const std::string name_;
  const int64_t portion_bytes_;
  std::unique_ptr<BulkReader> reader_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::vector<int>> leaves_;  // of each column
};

}  // namespace usdparquet
