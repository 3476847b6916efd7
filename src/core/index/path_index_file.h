#pragma once

/// \file
/// The path index as it lies in a Parquet file. The format is described in docs/file-format.md.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <parquet/metadata.h>

#include <functional>
#include <optional>
#include <string>

#include "core/index/path_index.h"
#include "core/index/path_index_builder.h"
#include "core/util/export.h"

namespace usdparquet {

/// The footer's key whose value says where the index is.
inline constexpr char kIndexKey[] = "usdparquet:index";

/// Writes and opens embedded indexes.
class USDPARQUET_API PathIndexFile {
 public:
  /// Offsets of an index in its file are multiples of this.
  static constexpr int64_t kAlignment = 64;

  /// The bytes of `index`. `fingerprint` is that of the file that they go into.
  static std::string Serialize(const PathIndex& index, const PathIndexReport& report,
                               uint64_t fingerprint);

  /// The value of kIndexKey for an index of those bytes at `offset`.
  static std::string Locator(int64_t offset, const std::string& bytes);

  /// What ties an index to its file: the places and sizes of the path column's chunks. `rows`,
  /// `offset` and `size` of each chunk are hashed in order.
  class Fingerprint {
   public:
    void Add(int64_t rows, int64_t offset, int64_t size);
    uint64_t value() const { return hash_; }

   private:
    uint64_t hash_ = 0;
  };
  /// Of a long table the chunks of the time column are hashed behind them; `time_leaf` is -1 for
  /// others. So an index of the first rows of prims belongs to nobody who does not know the times.
  static uint64_t FingerprintOf(const parquet::FileMetaData& metadata, int path_leaf,
                                int time_leaf = -1);

  /// What became of an attempt to open.
  struct Opened {
    std::optional<PathIndex> index;
    PathIndexReport report;
    /// Why there is no index, if it is worth a warning: an index that is not there or belongs to
    /// another file (a rewritten one keeps the key) is not.
    std::string warning;
  };

  /// Opens the index of a file, if it has one, at a cost that does not depend on its size.
  /// What is read later is verified first; `on_damage` is called once if it is wrong.
  static Opened Open(arrow::io::RandomAccessFile& file, const parquet::FileMetaData& metadata,
                     int path_leaf, int time_leaf,
                     std::function<void(const std::string&)> on_damage);
};

}  // namespace usdparquet
