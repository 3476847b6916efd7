#pragma once

/// \file
/// From the stored bytes of a page to its decoded values. Decompression, levels and encodings are
/// Arrow's; this puts rows together and converts to the layout of type_table.h.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <parquet/metadata.h>

#include <memory>
#include <string>

#include "core/pages/column_chunk.h"
#include "core/pages/page.h"
#include "core/schema/schema.h"

namespace usdparquet {

/// Cells of a page that could not be presented, for one warning a column.
struct BadCells {
  uint32_t count = 0;
  uint32_t first_row = 0;  ///< from the start of the file
  std::string reason;      ///< of the first
};

/// Decodes page `index` of `chunk`. Cells that have no USD value (a null inside an array or tuple,
/// a date beyond the calendar) are left without one and told in `bad`. Damage fails, also by a
/// wrong page checksum. Thread-safe.
arrow::Result<std::unique_ptr<Page>> DecodePage(arrow::io::RandomAccessFile& file,
                                                const parquet::FileMetaData& metadata,
                                                const ColumnInfo& column, ColumnChunk& chunk,
                                                uint32_t index, BadCells* bad);

}  // namespace usdparquet
