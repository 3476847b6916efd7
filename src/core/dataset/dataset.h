#pragma once

/// \file
/// A folder of Parquet files as one table, with a manifest or without.

#include <arrow/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/dataset/manifest.h"
#include "core/dataset/part_description.h"
#include "core/schema/property_name.h"
#include "core/table/table_file.h"
#include "core/util/export.h"

namespace usdparquet {

/// What is at a name: a dataset, if it is a folder.
struct OpenedDataset {
  TableFile file;
  bool has_manifest = false;
  std::vector<std::string> warnings;  ///< without the name of the dataset
};

/// What becomes of files that nothing can be read of, where no manifest says that they hold rows.
enum class DamagedParts : uint8_t { kAreErrors, kAreLeftOut };

/// Opens the dataset in `folder`. With a manifest, that is all that is read, the names of the files
/// if it says that it has all of them, and the footers of those that have no rows by what it says;
/// without one, the footers of all files are read, in parallel. Files are those of FilesIn. Fails
/// if there are none, if one can't be read and there is no manifest, if the manifest is not that of
/// the folder, or if a file has rows of which it says nothing. With kAreLeftOut, damaged files are
/// left out with a warning each, unless all are; those that the system refuses to read are errors
/// nevertheless, where there is no manifest. Errors do not name the folder. Thread-safe.
USDPARQUET_API arrow::Result<OpenedDataset> OpenDataset(
    const std::string& folder, DamagedParts damaged = DamagedParts::kAreErrors);

/// The bytes of the manifest in `folder`. Errors do not name the folder.
USDPARQUET_API arrow::Result<std::string> ReadManifestText(const std::string& folder);

/// Fails if the folder has files that its manifest does not list, or none that it does. Some may be
/// gone, which is a warning: those that are left can be read.
arrow::Status CheckFolder(const std::string& folder, const Manifest& manifest,
                          std::vector<std::string>* warnings);

/// Opens the table in `path`, a file or the folder of a dataset, for reading whole columns. Errors
/// do not name it. Thread-safe.
USDPARQUET_API arrow::Result<TableFile> OpenTableFileOrDataset(const std::string& path);

/// A file for a manifest, and what is known of it.
struct ListedFile {
  std::string file;  ///< as it is opened
  std::optional<PartDescription> description;
};

struct ManifestOptions {
  /// The columns with the paths and the times that the index is made of; if empty, those that the
  /// files name, else `path` and none.
  std::string path_column, time_column;
  bool has_index = true;
  IdentifierTest unicode_test;
};

struct ManifestSummary {
  int64_t parts = 0;
  int64_t rows = 0;
  int64_t prims = 0;
  int64_t manifest_bytes = 0, index_bytes = 0;
  std::vector<std::string> warnings;  ///< each with the name of the manifest
};

/// Writes the manifest `manifest`, whose folder is that of the dataset, of these files in this
/// order, and the index of all of them beside it. Files without a description are read. Of all, the
/// index reads the columns with paths and times, and nothing else. An index that a manifest before
/// had is removed. Fails for two names of one file, also by links. Errors name a file.
USDPARQUET_API arrow::Result<ManifestSummary> WriteManifest(const std::string& manifest,
                                                            std::vector<ListedFile> files,
                                                            bool covers_folder,
                                                            const ManifestOptions& options);

}  // namespace usdparquet
