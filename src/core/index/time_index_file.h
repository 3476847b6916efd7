#pragma once

/// \file
/// The time index embedded in a Parquet file. docs/file-format.md describes the format.

#include <arrow/io/interfaces.h>
#include <parquet/metadata.h>

#include <functional>
#include <optional>
#include <string>

#include "core/index/time_index.h"
#include "core/index/time_index_builder.h"
#include "core/sections/fingerprint.h"
#include "core/util/export.h"

namespace usdparquet {

/// The footer's key whose value says where the time index is.
inline constexpr char kTimesKey[] = "usdparquet:times";

/// Writes and opens embedded time indexes.
class USDPARQUET_API TimeIndexFile {
 public:
  /// The bytes of `index` as a section. `fingerprint` is that of the file that they go into, with
  /// its time column.
  static std::string Serialize(const TimeIndex& index, const TimeIndexReport& report,
                               uint64_t fingerprint);

  /// The result of an attempt to open.
  struct Opened {
    std::optional<TimeIndex> index;
    TimeIndexReport report;
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
