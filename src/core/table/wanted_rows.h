#pragma once

/// \file
/// The rows of chosen prims, found through the path index of a table.

#include <arrow/chunked_array.h>
#include <arrow/result.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/index/path_index.h"
#include "core/table/table.h"
#include "core/util/export.h"

namespace usdparquet {

/// The rows of an answer, in its order.
struct WantedRows {
  std::vector<uint32_t> rows;   ///< PrimId::kNone where a path has none
  std::vector<uint32_t> paths;  ///< for each row, the number of its path in the request

  /// The rows that there are, ascending, each once.
  std::vector<uint32_t> Distinct() const;
};

/// The rows of the prims `paths`: one a prim, the last; with a time column the row without a time,
/// then those of all times in order. A row may be that of another path with the same hash: see
/// DropOtherPaths. Thread-safe.
WantedRows FindRows(const Table& table, const std::vector<std::string>& paths);

/// The rows of the prim `path` and of all prims below it, in namespace order. Fails if there is no
/// such prim. Reads the path column. Thread-safe.
USDPARQUET_API arrow::Result<WantedRows> FindRowsBelow(Table& table, const std::string& path);

/// Makes the rows of other paths than those asked for PrimId::kNone, and leaves one such row a
/// path. Returns whether there was one: then the index is wrong, or two paths share a hash.
/// `stored` are the cells of the path column at `rows`, which are `wanted->Distinct()`.
arrow::Result<bool> DropOtherPaths(const arrow::ChunkedArray& stored,
                                   const std::vector<uint32_t>& rows,
                                   const std::vector<std::string>& paths, WantedRows* wanted);

}  // namespace usdparquet
