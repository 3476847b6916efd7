#pragma once

/// \file
/// Writes an optimized file group by group: the layout of docs/file-format.md.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <arrow/table.h>
#include <parquet/arrow/writer.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/index/index_builder.h"
#include "core/sections/fingerprint.h"
#include "core/util/export.h"
#include "core/util/replace_file.h"
#include "core/write/key_spool.h"
#include "core/write/table_writer.h"

namespace usdparquet {

/// A file in the making, which takes its name when it is finished. Holds one row group at a time,
/// and a part of the paths of all rows for the index; the other paths lie in a file without a name.
/// After an error nothing more may be called; the destructor leaves no trace of an unfinished file.
/// Every error names the file. Not thread-safe.
class USDPARQUET_API TableFileWriter {
 public:
  /// Begins the file `path` with the columns of `first_rows`, by whose values the encodings are
  /// chosen; nothing of them is written yet. Metadata of their schema goes to the file, except the
  /// entries that are written anew.
  static arrow::Result<std::unique_ptr<TableFileWriter>> Open(const std::string& path,
                                                              const arrow::Table& first_rows,
                                                              const WriteOptions& options);
  ~TableFileWriter();

  /// Writes a row group. Its rows, and those of all groups one after the other, are in
  /// namespace order.
  arrow::Status WriteGroup(const arrow::Table& rows);

  /// The path of a temporary file called `name`, which is needed only until Finish.
  std::string SidePath(std::string_view name) const;

  /// What is known only at the end.
  struct Ending {
    std::string schema_json;  ///< the entry `usdparquet:schema`; empty: none
    std::string residual;     ///< a crate file; empty: none
  };
  /// Writes index, residual, page locations and footer, and gives the file its name.
  arrow::Result<WriteSummary> Finish(const Ending& ending);

 private:
  TableFileWriter(const std::string& path, const WriteOptions& options);
  arrow::Status Begin(const arrow::Table& first_rows);
  arrow::Status Write(const arrow::Table& rows);
  arrow::Status WriteIndex(const TableIndex& index);
  arrow::Result<TableIndex> MakeIndex(const std::string& schema_json);
  arrow::Status WriteSection(const std::string& key, const std::string& bytes);
  arrow::Result<int64_t> WriteBlob(std::string_view bytes);
  arrow::Status AddEntry(const std::string& key, const std::string& value);
  arrow::Result<WriteSummary> End(const Ending& ending);

  const std::string path_;
  const WriteOptions options_;
  ReplaceFile file_;
  std::shared_ptr<arrow::io::OutputStream> sink_;
  std::unique_ptr<parquet::arrow::FileWriter> writer_;
  int path_field_ = -1;
  int time_field_ = -1;  // of a long table
  KeySpool keys_;        // of the groups written
  Fingerprint fingerprint_;
  std::vector<std::array<int64_t, 3>> time_chunks_;  // rows, offset, size
  WriteSummary summary_;
};

}  // namespace usdparquet
