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
arrow::Result<WantedRows> FindRowsBelow(Table& table, const std::string& path);

/// Sets to kNone the rows whose stored path is not the one asked for; a path left without rows
/// keeps one kNone. `stored` are the cells of the path column at `rows`, which are
/// `wanted->Distinct()`.
arrow::Status DropOtherPaths(const arrow::ChunkedArray& stored, const std::vector<uint32_t>& rows,
                             const std::vector<std::string>& paths, WantedRows* wanted);

}  // namespace usdparquet
