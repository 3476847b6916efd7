#pragma once

/// \file
/// The files of a dataset, as they are listed before any of them is opened.

#include <parquet/metadata.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace usdparquet {

/// A Parquet file of a dataset. What is said of it is checked when it is opened.
struct Part {
  std::string name;  ///< what messages call it: its name from the folder of the dataset on
  std::string file;  ///< where it lies, if not there
  int64_t bytes = 0;
  uint64_t digest = 0;               ///< TableFile::footer_digest
  std::vector<uint32_t> group_rows;  ///< the rows of each row group
  uint32_t schema = 0;               ///< its number in PartList::schemas
  /// The values of the partition columns; none where it is null.
  std::vector<std::optional<std::string>> keys;
};

/// A column whose values are in the names of folders (`year=2024`).
struct PartitionColumn {
  enum class Type : uint8_t { kInt32, kInt64, kString };
  std::string name;
  Type type = Type::kString;
};

/// The files of a dataset in the order of their rows.
struct PartList {
  std::string folder;
  /// Footers without row groups: each a schema that files have, with the entries that tell types.
  std::vector<std::shared_ptr<parquet::FileMetaData>> schemas;
  std::vector<PartitionColumn> partitions;
  /// The columns with the paths and the times, where the manifest names them.
  std::string path_column, time_column;
  std::vector<Part> parts;
};

}  // namespace usdparquet
