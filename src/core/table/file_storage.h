#pragma once

/// \file
/// How a Parquet file is stored, for people and tools that look at one: codecs, encodings, sizes.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/util/export.h"

namespace usdparquet {

/// A top-level column, with all leaves below it and in all row groups.
struct ColumnStorage {
  std::string name;
  std::string type;              ///< Arrow's name for it
  std::set<std::string> codecs;  ///< such as `ZSTD`
  std::set<std::string> encodings;
  int64_t stored_bytes = 0;
  int64_t decompressed_bytes = 0;
  bool has_offset_index = false;  ///< in every row group; false if there is no row group
  /// What can't be understood of the first such chunk, which counts for nothing above. Valid UTF-8.
  std::string problem;
};

/// What a file's footer says of it.
struct FileStorage {
  int64_t num_rows = 0;
  int num_row_groups = 0;
  std::string created_by;
  bool is_sealed = false;           ///< the footer has a checksum, which is right
  bool has_page_locations = false;  ///< such as can be used
  std::vector<ColumnStorage> columns;
  std::vector<std::pair<std::string, std::string>> key_values;  ///< in the footer's order
};

/// Reads it from the footer, in time linear in its chunks. The file need not be a layer. Fails
/// where the footer is damaged; the message does not name the file.
USDPARQUET_API arrow::Result<FileStorage> ReadFileStorage(
    std::shared_ptr<arrow::io::RandomAccessFile> file);

}  // namespace usdparquet
