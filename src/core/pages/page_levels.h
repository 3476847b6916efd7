#pragma once

/// \file
/// The levels of a data page, and where its values lie behind them.

#include <arrow/result.h>
#include <arrow/util/type_fwd.h>
#include <parquet/schema.h>

#include <cstdint>
#include <span>

#include "core/pages/page_header.h"
#include "core/pages/row_assembly.h"
#include "core/util/export.h"

namespace usdparquet {

/// The values of a data page, behind its levels.
struct ValueSection {
  const uint8_t* data;
  int size;
  int count;  ///< values that are not null
};

/// Decodes the levels of the data page with that header, whose decompressed body is `body`, behind
/// those in `levels`, and returns where its values lie. `max_def` and `max_rep` are those of the
/// column. Fails, or throws parquet::ParquetException, if the page has not as many levels as its
/// header says. REQUIRES: what the header claims was checked. Thread-safe.
arrow::Result<ValueSection> DecodeLevels(int16_t max_def, int16_t max_rep, const PageHeader& header,
                                         std::span<const uint8_t> body, Levels* levels);

/// The rows of a page of lists.
struct PageRows {
  int64_t rows = 0;              ///< that begin in it
  bool begins_with_row = false;  ///< or else with the rest of a row of the page before
};

/// Decodes the repetition levels of the one data page that `bytes` are, header included, to count
/// its rows. Verifies its checksum if it has one. `codec` and `is_always_compressed` are those of
/// its chunk. Arrow's Parquet classes may throw. Thread-safe.
USDPARQUET_API arrow::Result<PageRows> CountRows(std::span<const uint8_t> bytes,
                                                 const parquet::ColumnDescriptor& descriptor,
                                                 arrow::Compression::type codec,
                                                 bool is_always_compressed);

}  // namespace usdparquet
