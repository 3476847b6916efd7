#pragma once

/// \file
/// Whether a file is sound as a whole, whatever of it a layer reads: for `validate`, and before a
/// file is copied.

#include <arrow/result.h>

#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/pages/verify_chunk.h"
#include "core/schema/schema.h"
#include "core/table/table_file.h"
#include "core/util/export.h"

namespace usdparquet {

/// What DamagedSection calls the residual, without which a file is not the whole layer. What else
/// is damaged can be made anew.
inline constexpr char kResidualName[] = "residual";

/// A section that is damaged.
struct DamagedSection {
  std::string name;     ///< "path index", "time index", "page locations" or kResidualName
  std::string message;  ///< does not name the file
};

/// Opens the file at `path`, whose name every error begins with.
USDPARQUET_API arrow::Result<TableFile> OpenTableFile(const std::string& path);

/// Every damaged section of a file: its indexes, whose blocks are all verified, and its residual.
/// Linear in their size. An error if the file can't be read. Thread-safe.
USDPARQUET_API arrow::Result<std::vector<DamagedSection>> FindDamagedSections(
    const TableFile& file);

/// A message for each chunk with a damaged page, or with statistics that count other nulls than its
/// pages have: column, row group, the first row of the first damaged page and what is wrong with
/// it. All columns, also those that are left out of the layer.
/// Linear in the size of the file, in several threads that hold a page each. Thread-safe.
USDPARQUET_API arrow::Result<std::vector<std::string>> FindDamagedPages(const TableFile& file);

/// A message for each column with text that is no UTF-8 in a leaf that is none of `known`: column
/// and row. Holds a column of a row group at a time; what is damaged is passed over. Thread-safe.
USDPARQUET_API arrow::Result<std::vector<std::string>> FindBadTexts(
    const TableFile& file, const std::unordered_set<int>& known);

/// A message for each relationship and each field of prims with cells in rows with a time, which a
/// layer does not show: column, first such row and their number. Nothing if there is no time
/// column. `schema` and `entry` are those of the file. Reads these columns whole, a row group at a
/// time. Thread-safe.
USDPARQUET_API arrow::Result<std::vector<std::string>> FindTimedCells(const TableFile& file,
                                                                      const TableSchema& schema,
                                                                      const SchemaEntry& entry);

/// A message for each chunk whose offset index does not say of its pages what the page locations
/// and the headers say: it has no checksum, and a copy of the file would pass it on. Linear in the
/// number of pages, in several threads. Thread-safe.
USDPARQUET_API arrow::Result<std::vector<std::string>> FindWrongOffsetIndexes(
    const TableFile& file);

/// Fails with the first damaged page of the columns called `names`, or of all columns, in row group
/// `row_group`, or in all. Thread-safe.
USDPARQUET_API arrow::Status VerifyColumns(const TableFile& file,
                                           const std::optional<std::vector<std::string>>& names,
                                           ChunkCheck check,
                                           std::optional<int> row_group = std::nullopt);

}  // namespace usdparquet
