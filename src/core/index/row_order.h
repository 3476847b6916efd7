#pragma once

/// \file
/// The order of a table's rows in an optimized file.
///
/// Part of the C++ interface, which is installed (docs/cpp.md).

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/util/export.h"

namespace usdparquet {

struct RowTimes;
struct TableIndex;

/// The numbers of the rows in namespace order: every prim is followed by its descendants, and
/// children keep the order in which the table first names them, so the layer stays the same. Rows
/// with the same path keep their order; rows without a prim path come last. `index` is that of the
/// rows, with their hashes.
USDPARQUET_API std::vector<uint32_t> NamespaceOrder(const std::vector<std::string_view>& paths,
                                                    const TableIndex& index);

/// How the rows of a long table follow each other.
enum class RowOrder : uint8_t {
  kPath,  ///< prim by prim in namespace order, each by time: for curves
  kTime,  ///< time by time, each in namespace order: for playback
};

/// The numbers of a long table's rows in that order. Rows without a time come before those with
/// one, rows with the same path and time keep their order, rows without a prim path come last.
USDPARQUET_API std::vector<uint32_t> LongTableOrder(const std::vector<std::string_view>& paths,
                                                    const RowTimes& times, const TableIndex& index,
                                                    RowOrder order);

/// Whether the times never fall from row to row: then the table is in order of time.
USDPARQUET_API bool IsInOrderOfTime(const RowTimes& times);

}  // namespace usdparquet
