#pragma once

/// \file
/// From the stored bytes of a page to its decoded values. Decompression, levels and encodings are
/// Arrow's; this puts rows together and converts to the layout of type_table.h.

#include <arrow/status.h>

#include <cstdint>
#include <vector>

#include "core/pages/column_chunk.h"
#include "core/pages/page.h"
#include "core/schema/schema.h"

namespace usdparquet {

/// A cell that cannot be presented.
struct UnpresentableCell {
  uint32_t row = 0;              ///< from the start of the file
  const char* reason = nullptr;  ///< the end of a sentence that begins with "the cell"
};

/// The cells of a page that cannot be presented.
struct BadCells {
  uint32_t count = 0;
  UnpresentableCell first;
  std::vector<UnpresentableCell>* all = nullptr;  ///< if not null, each is added to it, in order
};

/// Decodes page `index` of `chunk` into `page`, a new one. Cells that have no USD value (a
/// null inside an array or tuple, a date beyond the calendar, text that is no UTF-8 or fails the
/// column's test) are left without one and noted in `bad`. Damage fails, as does a wrong page
/// checksum; `page` is then unspecified. The dictionary is charged to the source's cache.
/// Thread-safe.
arrow::Status DecodePage(const PageSource& source, const ColumnInfo& column, ColumnChunk& chunk,
                         uint32_t index, Page* page, BadCells* bad);

}  // namespace usdparquet
