#pragma once

/// \file
/// The manifest of a dataset in a form that takes no time to read: `_usdparquet.parts` beside it.
/// It says nothing that the manifest does not, and is nothing without that very manifest.
/// docs/file-format.md describes the format.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/dataset/manifest.h"
#include "core/table/part_list.h"
#include "core/util/export.h"

namespace usdparquet {

inline constexpr char kManifestCacheName[] = "_usdparquet.parts";

/// What opening needs of a manifest.
struct CachedManifest {
  bool covers_folder = false;
  uint64_t names_sum = 0;  ///< NameSum of all parts
  /// Of each schema the bytes. With an index, the first has the entries of the index as well.
  std::vector<std::string> schemas;
  std::string index_file;  ///< empty: there is none
  PartList list;           ///< without schemas and folder
};

/// What the names of a set of files add up to, in any order.
uint64_t NameHash(std::string_view name);

/// The bytes of the cache of `manifest`, whose text is `text`. `first_schema` takes the place of
/// the first schema.
USDPARQUET_API std::string SerializeManifestCache(const Manifest& manifest, std::string_view text,
                                                  const std::string& first_schema);

/// Reads such bytes. Nothing if they are none, are damaged or are not those of the manifest `text`.
USDPARQUET_API std::optional<CachedManifest> ReadManifestCache(std::string_view bytes,
                                                               std::string_view text);

}  // namespace usdparquet
