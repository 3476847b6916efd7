#pragma once

/// \file
/// The path index embedded in a Parquet file. docs/file-format.md describes the format.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <parquet/metadata.h>

#include <functional>
#include <optional>
#include <string>

#include "core/index/path_index.h"
#include "core/index/path_index_builder.h"
#include "core/sections/fingerprint.h"
#include "core/util/export.h"

namespace usdparquet {

/// The footer's key whose value says where the index is.
inline constexpr char kIndexKey[] = "usdparquet:index";

/// Writes and opens embedded indexes.
class USDPARQUET_API PathIndexFile {
 public:
  /// The bytes of `index` as a section. `fingerprint` is that of the file that they go into.
  static std::string Serialize(const PathIndex& index, const PathIndexReport& report,
                               uint64_t fingerprint);

  /// The result of an attempt to open.
  struct Opened {
    std::optional<PathIndex> index;
    PathIndexReport report;
    /// Why there is no index, if that is worth a warning; see SectionReaderBase::warning.
    std::string warning;
  };

  /// Opens the index that the entries of `metadata` say is in `file`, if it is one of `owner`, at a
  /// cost that does not depend on its size. Every block is verified before it is first used;
  /// `on_damage` is as in SectionBlocks.
  static Opened Open(arrow::io::RandomAccessFile& file, const parquet::FileMetaData& metadata,
                     const IndexOwner& owner, std::function<void(const std::string&)> on_damage);
};

}  // namespace usdparquet
