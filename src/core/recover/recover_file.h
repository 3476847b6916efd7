#pragma once

/// \file
/// What can still be read of a damaged file, written as a sound one.

#include <arrow/result.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/util/export.h"
#include "core/write/table_writer.h"

namespace usdparquet {

struct RecoverOptions {
  /// How to write. An empty path column is the one that the footer names, else `path`; a time
  /// column is that of the footer. `schema_json` is not used.
  WriteOptions write;
  /// Keep rows whose path or time cannot be read, without a path: they are no prims then.
  bool keep_pathless = false;
};

/// Rows of the input, one behind the other, that share a fate.
struct LostRange {
  std::string column;  ///< `column:field` for the field of a struct
  int64_t first_row = 0;
  int64_t count = 0;
  std::string reason;
};

/// What was recovered, and what was not.
struct RecoveryReport {
  int64_t rows = 0;  ///< of the input, as its footer says
  int64_t rows_written = 0;
  int64_t bytes = 0;  ///< of the output
  int columns = 0;
  /// Rows that were left out, because their cell in the path column or the time column is lost.
  std::vector<LostRange> lost_rows;
  /// Cells of written rows that are null in the output. Of rows with a lost path that were kept,
  /// the path is one of them.
  std::vector<LostRange> lost_cells;
  bool has_residual = false;     ///< the input says that it has one
  std::string residual_problem;  ///< why it is lost; empty: it is not
  std::string schema_problem;    ///< why the entry `usdparquet:schema` is lost; empty: it is not
  std::string footer_problem;  ///< why names, types and counts may be wrong; empty: they are right

  /// Whether nothing is lost, as far as can be told.
  bool is_complete() const {
    return lost_rows.empty() && lost_cells.empty() && residual_problem.empty() &&
           schema_problem.empty() && footer_problem.empty();
  }
};

/// Writes what can be read of the Parquet file `input` to `output`, another file, which is replaced
/// whole or not at all. Cells of damaged pages become nulls; rows whose path is lost are left out.
/// Embedded indexes are made anew. Reads a column of a row group at a time, and holds the paths;
/// where the rows have to be put in order, all of the table. Fails, naming the file, if nothing can
/// be recovered. Not thread-safe for the same output.
USDPARQUET_API arrow::Result<RecoveryReport> RecoverFile(const std::string& input,
                                                         const std::string& output,
                                                         const RecoverOptions& options);

}  // namespace usdparquet
