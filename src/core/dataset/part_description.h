#pragma once

/// \file
/// What a manifest says of one file, found out where the file lies.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/util/export.h"

namespace usdparquet {

/// One Parquet file, as a dataset has to know it. Its name is not in it: the file may be moved.
struct PartDescription {
  int64_t bytes = 0;
  uint64_t digest = 0;               ///< TableFile::footer_digest
  std::vector<uint32_t> group_rows;  ///< the rows of each row group
  std::string schema;                ///< the bytes of SchemaFooter
  /// The first and the last path of its rows by their bytes, which is the order of names where
  /// children are sorted; none if it has no paths, or they were not read.
  std::optional<std::string> first, last;

  bool operator==(const PartDescription&) const = default;
};

/// Describes the Parquet file `file`, which `name` calls in messages. Reads its footer and, if
/// `reads_paths` and it has one, the column with the paths, `path_column` or else the one that the
/// footer names, or `path`. Fails if it is no file that a dataset can have. Thread-safe.
USDPARQUET_API arrow::Result<PartDescription> DescribePart(
    std::shared_ptr<arrow::io::RandomAccessFile> file, const std::string& name, bool reads_paths,
    const std::string& path_column = {});

/// As JSON, for who carries descriptions from one machine to another.
USDPARQUET_API std::string SerializePartDescription(const PartDescription& part);
/// Reads such a text, whose numbers are held to what can be.
USDPARQUET_API arrow::Result<PartDescription> ParsePartDescription(std::string_view text);

}  // namespace usdparquet
