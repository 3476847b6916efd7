#pragma once

/// \file
/// Where the pages of a chunk lie of which some may be damaged.

#include <arrow/result.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/pages/column_chunk.h"

namespace usdparquet {

/// The bytes of a page, or of several, and the rows of its row group that they hold.
struct FoundPage {
  int64_t offset = 0;
  int64_t size = 0;
  int64_t begin = 0;  ///< rows, counted from the first of the row group
  int64_t end = 0;
  std::string problem;  ///< why it cannot be read, if that is known already
  /// Whether its last row may go on in the page behind it, which cannot be read.
  bool is_last_cut = false;
  uint32_t header_size = 0;  ///< 0: there is no checksum of the header
  uint32_t header_checksum = 0;
};

/// The pages of a chunk; together they have the rows of the row group.
struct FoundPages {
  FoundPage dictionary;  ///< of size 0: there is none
  std::vector<FoundPage> pages;
  /// Whether every header has a checksum: then nothing else needs to be asked where pages are.
  bool is_certain = false;
};

/// The pages as the file lists them, in its page locations or its offset index; of a flat column
/// that has no list, as their headers tell. Arrow's Parquet classes may throw.
arrow::Result<FoundPages> ListedPages(const PageSource& source, const ColumnInfo& column,
                                      int row_group);

/// The pages as their headers tell, one behind the other. Pages of lists that do not say how many
/// rows they have are decoded to count them. What cannot be told is one page with a problem.
/// Arrow's Parquet classes may throw.
arrow::Result<FoundPages> ScannedPages(const PageSource& source, const ColumnInfo& column,
                                       int row_group);

}  // namespace usdparquet
