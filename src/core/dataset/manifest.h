#pragma once

/// \file
/// The manifest of a dataset: `_usdparquet.json` in its folder. docs/file-format.md has the format.

#include <arrow/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dataset/part_description.h"
#include "core/table/part_list.h"
#include "core/util/export.h"

namespace usdparquet {

/// A file in a manifest.
struct ManifestPart {
  std::string file;             ///< its name, relative to the folder of the manifest
  PartDescription description;  ///< without the schema
  uint32_t schema = 0;          ///< its number in Manifest::schemas
  std::vector<std::optional<std::string>> keys;  ///< the values of the partition columns
  bool operator==(const ManifestPart&) const = default;
};

/// The file with the indexes of all parts together, beside the manifest.
struct ManifestIndex {
  std::string file;
  std::string paths;  ///< where in it the path index is, as SectionLocator writes it
  std::string times;  ///< and the time index; empty if the table is not a long one
  bool operator==(const ManifestIndex&) const = default;
};

struct Manifest {
  /// Whether the parts are all files of the folder, so that another one there is missing here.
  bool covers_folder = false;
  /// The names of the columns with the paths and the times that the index is of.
  std::string path_column, time_column;
  std::vector<PartitionColumn> partitions;
  std::vector<std::string> schemas;  ///< as PartDescription::schema
  std::vector<ManifestPart> parts;
  std::optional<ManifestIndex> index;
};

/// The manifest as JSON.
USDPARQUET_API std::string SerializeManifest(const Manifest& manifest);

/// Reads the JSON of a manifest, whose numbers are held to what can be. Fails with what is wrong.
USDPARQUET_API arrow::Result<Manifest> ParseManifest(std::string_view text);

}  // namespace usdparquet
