#pragma once

/// \file
/// Whole columns of a sound file as Arrow tables.

#include <arrow/memory_pool.h>
#include <arrow/result.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/table/table_file.h"
#include "core/util/export.h"

namespace usdparquet {

/// Reads columns of a file by whole row groups. What it returns was verified: every page against
/// its checksum, or decoded whole where it has none, and all counts against the footer's.
///
/// Of a dataset it reads the files one after the other; row groups are those of all files. What a
/// file does not have is null, and what it stores as another type is cast.
///
/// Errors name the column, the row group and the row, and of a dataset the file in it. Not
/// thread-safe; reads in several threads.
class USDPARQUET_API BulkReader {
 public:
  /// `file` must outlive the reader. Columns get their memory from `pool`.
  static arrow::Result<std::unique_ptr<BulkReader>> Open(
      const TableFile& file, arrow::MemoryPool* pool = arrow::system_memory_pool());

  const parquet::arrow::SchemaManifest& manifest() const {
    return arrow_ ? arrow_->manifest() : manifest_;
  }

  /// The leaves that are read where those of `leaves` are wanted: of a dataset, all that are in the
  /// same columns.
  std::vector<int> ReadWith(const std::vector<int>& leaves) const;

  /// The columns of `leaves` (numbers of Parquet columns) in all rows. REQUIRES, here and below:
  /// they are those of ReadWith.
  arrow::Result<std::shared_ptr<arrow::Table>> ReadAll(const std::vector<int>& leaves) const;

  /// All columns in all rows.
  arrow::Result<std::shared_ptr<arrow::Table>> ReadAll() const;

  /// The columns of `leaves` in one row group.
  arrow::Result<std::shared_ptr<arrow::Table>> ReadGroup(int row_group,
                                                         const std::vector<int>& leaves) const;

  /// Calls `f` with the columns of `leaves` in one row group, at most `rows_at_once` rows at a
  /// time. Holds these rows and, of each column, a page and what is read of the file at once. Ends
  /// with the error of `f`, if that has one. Reads in the thread that calls it.
  arrow::Status VisitGroup(int row_group, const std::vector<int>& leaves, int64_t rows_at_once,
                           const std::function<arrow::Status(const arrow::Table&)>& f) const;

  /// The first row of a leaf column in a row group, counted from the start of the file, whose cell
  /// is text that is no UTF-8, or has such text in it. Nothing if there is none, or no text. Reads
  /// it past Arrow's types: dictionaries with such text are none to Arrow. Not of a dataset.
  arrow::Result<std::optional<int64_t>> FindBadText(int row_group, int leaf) const;

 private:
  BulkReader(const TableFile& file, arrow::MemoryPool* pool) : file_(file), pool_(pool) {}

  arrow::Result<std::shared_ptr<arrow::Table>> Read(const std::vector<int>& row_groups,
                                                    const std::vector<int>& leaves) const;
  arrow::Result<std::shared_ptr<arrow::Table>> ReadFields(const std::vector<int>& row_groups,
                                                          const std::vector<int>& leaves) const;
  arrow::Status Explain(const arrow::Status& status, const std::vector<int>& row_groups,
                        const std::vector<int>& leaves) const;

  const TableFile& file_;
  arrow::MemoryPool* const pool_;
  std::unique_ptr<parquet::arrow::FileReader> arrow_;  // null for a dataset
  parquet::arrow::SchemaManifest manifest_;            // of a dataset
};

/// The numbers of all leaf columns of a file. Thread-safe.
USDPARQUET_API std::vector<int> AllLeaves(const parquet::FileMetaData& metadata);

/// The numbers of all row groups of a file. Thread-safe.
USDPARQUET_API std::vector<int> AllRowGroups(const parquet::FileMetaData& metadata);

}  // namespace usdparquet
