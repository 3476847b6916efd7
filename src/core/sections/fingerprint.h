#pragma once

/// \file
/// What ties a section to the file that it was made for.

#include <parquet/metadata.h>

#include <cstdint>
#include <functional>

#include "core/util/export.h"

namespace usdparquet {

/// A hash of the places and sizes of a column's chunks, added in the order of the row groups.
class USDPARQUET_API Fingerprint {
 public:
  void Add(int64_t rows, int64_t offset, int64_t size);
  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 0;
};

/// The file, or the files, that an index is wanted for.
struct IndexOwner {
  int64_t num_rows = 0;
  bool is_long = false;                   ///< several rows are one prim, at several times
  std::function<uint64_t()> fingerprint;  ///< asked only if there is an index
};

/// The fingerprint of a file: over the chunks of the path column and then, in a long table, those
/// of the time column (`time_leaf` is -1 for other tables). So nobody who does not know about the
/// times takes the index of a long table, which has only the first row of each prim.
USDPARQUET_API uint64_t FingerprintOf(const parquet::FileMetaData& metadata, int path_leaf,
                                      int time_leaf = -1);

}  // namespace usdparquet
