#pragma once

/// \file
/// Which row of a table each prim has, by the ids of both.

#include <cstdint>
#include <utility>
#include <vector>

#include "core/table/id_texts.h"
#include "core/util/export.h"

namespace usdparquet {

/// The rows of a table for the rows of a list of prims.
struct IdJoin {
  static constexpr uint32_t kNoRow = 0xffffffffu;

  /// For each row of the prims the row of the table with the same id, or kNoRow: the last one, or
  /// the first one if the rows of an id are its samples.
  std::vector<uint32_t> rows;
  uint32_t num_matched = 0;  ///< prims that have one

  // Rows of the table that repeat an id, if that does not make them samples.
  uint32_t num_duplicates = 0;
  std::vector<std::pair<uint32_t, uint32_t>> duplicates;  ///< the first five: earlier, later row
};

/// Joins by equal texts; what has no text has no partner. `is_long`: the rows of an id are its
/// samples. Needs 24 bytes a row of the table. Thread-safe.
USDPARQUET_API IdJoin JoinIds(const IdTexts& keys, const IdTexts& prims, bool is_long);

}  // namespace usdparquet
