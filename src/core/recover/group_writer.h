#pragma once

/// \file
/// Writes tables of any size as row groups of one.

#include <arrow/result.h>
#include <arrow/table.h>

#include <memory>
#include <string>

#include "core/write/table_file_writer.h"

namespace usdparquet {

/// A file that begins with its first full row group, by which encodings are chosen. Not
/// thread-safe.
class GroupWriter {
 public:
  /// `none` has the columns and no rows. `options` must stay.
  GroupWriter(std::string path, const WriteOptions& options, std::shared_ptr<arrow::Table> none)
      : path_(std::move(path)), options_(options), pending_(std::move(none)) {}

  /// Adds rows behind the others; writes the row groups that are full.
  arrow::Status Add(const std::shared_ptr<arrow::Table>& rows);

  /// Writes the rest, and gives the file its name.
  arrow::Result<WriteSummary> Finish(const TableFileWriter::Ending& ending);

 private:
  arrow::Status Write(bool is_end);

  const std::string path_;
  const WriteOptions& options_;
  std::shared_ptr<arrow::Table> pending_;
  std::unique_ptr<TableFileWriter> writer_;
};

}  // namespace usdparquet
