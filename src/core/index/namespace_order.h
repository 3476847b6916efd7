#pragma once

/// \file
/// The path index of a table in memory, and the order of its rows by namespace.

#include <arrow/chunked_array.h>
#include <arrow/result.h>

#include <string_view>
#include <vector>

#include "core/index/path_index.h"
#include "core/index/path_index_builder.h"
#include "core/schema/property_name.h"
#include "core/util/export.h"

namespace usdparquet {

/// The texts of a column of strings (string, large_string or a dictionary of them), as long as the
/// column lives; a null has no data pointer.
USDPARQUET_API arrow::Result<std::vector<std::string_view>> StringViews(
    const arrow::ChunkedArray& column);

/// An index over `paths`, and the hash of each (0 for rows without a prim path).
struct IndexedPaths {
  PathIndex index;
  PathIndexReport report;
  std::vector<uint64_t> hashes;
};
USDPARQUET_API arrow::Result<IndexedPaths> IndexPaths(const std::vector<std::string_view>& paths,
                                                      const IdentifierTest& unicode_test);

/// The place of each row's prim in namespace order; kNoNamespaceRank for rows without a prim path.
/// Rows of one path have the same. The index may be that of a long table.
inline constexpr uint32_t kNoNamespaceRank = 0xffffffffu;
USDPARQUET_API std::vector<uint32_t> NamespaceRanks(const std::vector<std::string_view>& paths,
                                                    const IndexedPaths& indexed);

/// The numbers of the rows in namespace order: every prim is followed by its descendants, and
/// children keep the order in which the table first names them, so the layer stays the same. Rows
/// of one path keep their order; rows without a prim path come last.
USDPARQUET_API std::vector<uint32_t> NamespaceOrder(const std::vector<std::string_view>& paths,
                                                    const IndexedPaths& indexed);

}  // namespace usdparquet
