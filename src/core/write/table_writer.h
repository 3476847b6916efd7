#pragma once

/// \file
/// Writes tables as Parquet files that are quick to read as layers: rows in namespace order, small
/// pages with a page index and checksums, and the path index embedded.
///
/// Part of the C++ interface, which is installed (docs/cpp.md).

#include <arrow/result.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <arrow/util/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/index/row_order.h"
#include "core/schema/property_name.h"
#include "core/util/export.h"

namespace usdparquet {

/// What a file is laid out for.
enum class FileLayout {
  kBalanced,  ///< quick to read, and hardly larger than it has to be
  kSize,      ///< small: all columns in Zstandard, large pages
  kAccess,    ///< quick to read; compressed is only what gets much smaller
};

struct WriteOptions {
  /// The column with the prim paths; if empty, the one that the schema entry names, else `path`.
  std::string path_column = "path";
  FileLayout layout = FileLayout::kBalanced;
  /// The codec of all columns; if not given, the layout chooses one for each.
  std::optional<arrow::Compression::type> codec;
  /// Whether Arrow's schema is stored even where Parquet's own says the same.
  bool always_stores_schema = true;
  /// The level of `codec`, or where none is given of columns in Zstandard. If not given, kZstdLevel
  /// for Zstandard and the codec's own default for others.
  std::optional<int> compression_level;
  /// From level 14 on, Zstandard splits its blocks, which small pages of split bytes
  /// (BYTE_STREAM_SPLIT) need.
  static constexpr int kZstdLevel = 15;
  /// How many times as large as the smallest a column may be for the sake of reading it faster:
  /// uncompressed, uncompressed lists and tuples, in LZ4, and for access any.
  static constexpr double kAllowed = 1.1, kAllowedOfLists = 1.25, kAllowedInLz4 = 1.35,
                          kAllowedForAccess = 1.5;
  /// What a codec has to save for it to be worth the while: a twentieth.
  static constexpr double kWorthwhile = 0.95;
  /// If not given, what the layout says.
  std::optional<int64_t> rows_per_page;
  static constexpr int64_t kPageRows = 1024, kPageRowsForSize = 12288, kPageRowsForAccess = 512;
  int64_t rows_per_group = 131072;
  bool has_index = true;  ///< embed the path index, and for a long table the time index
  /// The column with the times of a long table; if empty, the one that the schema entry
  /// names, if any.
  std::string time_column;
  /// How to order a long table. If not given, by time where the times never fall and rows without
  /// one come first, else by path.
  std::optional<RowOrder> order;
  /// The footer's entry `usdparquet:schema`; empty: that of the table's own metadata, if any.
  std::string schema_json;
  /// Other entries of the footer's key-value metadata; may be null.
  std::shared_ptr<const arrow::KeyValueMetadata> entries;
  IdentifierTest unicode_test;
  /// Bytes of rows to hold where rows are put in order. What is beyond lies in files without a name
  /// beside the one that is written, until that is complete.
  int64_t memory = kDefaultMemory;
  static constexpr int64_t kDefaultMemory = int64_t{512} << 20;
  /// Called now and then with the rows written so far and in all. Of rows that are read in portions
  /// it counts what was done before, too: a row that was read counts as a part of one.
  std::function<void(int64_t, int64_t)> progress;
};

class RowSource;

/// What was written.
struct WriteSummary {
  int64_t rows = 0;
  int64_t bytes = 0;
  int64_t index_bytes = 0;  ///< of both indexes
  bool was_reordered = false;
  uint32_t num_invalid = 0;       ///< rows without a prim path; they are kept, behind all others
  uint32_t num_duplicates = 0;    ///< rows that repeat a path, or path and time; they are kept
  int64_t num_timed_cells = 0;    ///< cells that no layer shows, as FindTimedCells has them; kept
  std::optional<RowOrder> order;  ///< that of a long table
};

/// Writes the rows to the file `path`. All rows, columns and metadata are kept; only the order of
/// the rows changes. The file is written under another name in the same folder and then renamed, so
/// that a file of that name is replaced whole or not at all.
///
/// Holds, besides `options.memory`: a row group; 12 to 36 bytes a row while the order is found, 13
/// more in a long table; and then the index, with 8 bytes a row while that is made.
/// `options.progress` may throw.
USDPARQUET_API arrow::Result<WriteSummary> WriteRows(const RowSource& rows, const std::string& path,
                                                     const WriteOptions& options);

/// The same with a table in memory, which is not copied.
USDPARQUET_API arrow::Result<WriteSummary> WriteTable(const arrow::Table& table,
                                                      const std::string& path,
                                                      const WriteOptions& options);

/// Writes the Parquet file `input` anew to `output`, which may be the same file. Where `input` is
/// the folder of a dataset, the file has the rows of all its parts, one part behind the other
/// before they are put in order, and its partition columns; the columns that its manifest names
/// count where `options` names none. Of a dataset a row group is held besides.
USDPARQUET_API arrow::Result<WriteSummary> OptimizeFile(const std::string& input,
                                                        const std::string& output,
                                                        const WriteOptions& options);

}  // namespace usdparquet
