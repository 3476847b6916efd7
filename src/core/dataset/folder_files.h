#pragma once

/// \file
/// The files of a folder that are a dataset's.

#include <arrow/result.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/util/export.h"

namespace usdparquet {

/// The name of a manifest in the folder of its dataset.
inline constexpr char kManifestName[] = "_usdparquet.json";

/// The names of all files in `folder` and the folders below it, relative to it and sorted by their
/// bytes. Those whose name, or whose folder's, begins with `.` or `_` are none. Errors do not name
/// the folder.
USDPARQUET_API arrow::Result<std::vector<std::string>> FilesIn(const std::string& folder);

/// What `f(name)` of all those names adds up to. Takes no memory for them.
USDPARQUET_API arrow::Result<uint64_t> SumOfFiles(const std::string& folder,
                                                  uint64_t (*f)(std::string_view name));

/// Two names in a list, by their places, of one file.
struct SameFile {
  size_t first, again;
};

/// Which of `files` were named before, be it by another name, as links have one. A file that is not
/// there is told by its name. Asks the system for each.
USDPARQUET_API std::vector<SameFile> FindSameFiles(const std::vector<std::string>& files);

/// The folders below `folder` that such files can be in. Errors do not name the folder.
USDPARQUET_API arrow::Result<std::vector<std::string>> FoldersIn(const std::string& folder);

/// Whether the folder has a manifest.
USDPARQUET_API bool HasManifest(const std::string& folder);

/// Whether `path` leads to a folder.
USDPARQUET_API bool IsFolder(const std::string& path);

}  // namespace usdparquet
