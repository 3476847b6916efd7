#pragma once

/// \file
/// The manifest and the index of a dataset before they are written.

#include <arrow/result.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dataset/dataset.h"
#include "core/dataset/manifest.h"
#include "core/table/part_files.h"
#include "core/table/table_file.h"

namespace usdparquet {

struct PlannedManifest {
  Manifest manifest;
  std::string text;                        ///< of the manifest
  std::string index_bytes;                 ///< empty without an index
  std::string cache;                       ///< SerializeManifestCache
  std::shared_ptr<const PartFiles> parts;  ///< the files, wherever they lie by now
  ManifestSummary summary;
};

/// Puts the manifest `file` together, as WriteManifest does. `names` are those of the files in it.
/// If it is to take the place of `old`, of the same files in the same order, they keep their values
/// of the partition columns.
arrow::Result<PlannedManifest> PlanManifest(const std::string& file,
                                            const std::vector<std::string>& names,
                                            std::vector<ListedFile> files, bool covers_folder,
                                            const ManifestOptions& options,
                                            const Manifest* old = nullptr);

/// The dataset that a plan is of. It keeps the bytes of the index.
TableFile TableFileOf(const PlannedManifest& plan);

/// Writes the index, whose name nobody knows before the manifest has its own.
arrow::Status WriteIndexOf(const PlannedManifest& plan, const std::string& folder);

/// Writes what opens a manifest quickly, which is good for nothing before that has its name.
arrow::Status WriteCacheOf(const PlannedManifest& plan, const std::string& folder);

/// Removes the index files of other manifests.
void RemoveOtherIndexes(const std::string& folder, const Manifest& manifest);

/// Writes a file so that there is the old one or the new one.
arrow::Status WriteFileText(const std::string& path, std::string_view bytes);

}  // namespace usdparquet
