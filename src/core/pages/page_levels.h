#pragma once

/// \file
/// The levels of a data page, and where its values lie behind them.

#include <arrow/result.h>
#include <parquet/column_page.h>

#include <cstdint>
#include <span>

#include "core/pages/row_assembly.h"

namespace usdparquet {

/// The values of a data page, behind its levels.
struct ValueSection {
  const uint8_t* data;
  int size;
  int count;  ///< values that are not null
};

/// Decodes the levels of `page`, whose decompressed body is `body`, behind those in `levels`, and
/// returns where its values lie. `max_def` and `max_rep` are those of the column. Fails, or throws
/// parquet::ParquetException, if the page has not as many levels as its header says. Thread-safe.
arrow::Result<ValueSection> DecodeLevels(int16_t max_def, int16_t max_rep,
                                         const parquet::DataPage& page,
                                         std::span<const uint8_t> body, Levels* levels);

}  // namespace usdparquet
