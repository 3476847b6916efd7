#pragma once

/// \file
/// Changing cells of a file without writing the rest of it anew.

#include <arrow/array.h>
#include <arrow/result.h>
#include <parquet/metadata.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/table/table.h"
#include "core/util/export.h"
#include "core/write/table_writer.h"

namespace usdparquet {

/// New cells of one column.
struct ColumnPatch {
  size_t column = 0;                     ///< number in table.columns()
  std::vector<uint32_t> rows;            ///< ascending
  std::shared_ptr<arrow::Array> values;  ///< one a row; a null is a null
};

/// A cell that can't be changed: by its stored type, or as one of a struct that is null.
struct RefusedCell {
  std::string column;  ///< its name and how it is stored
  uint32_t row = 0;
};

/// Writes a copy of the table's file to `path`, with some cells changed. Everything else stays
/// where it is, byte for byte; the column chunks that hold patched cells are encoded anew and
/// follow it, then page locations and a footer that name them. What they replace is left as a gap,
/// which the next whole write closes. A file of that name is replaced whole or not at all.
///
/// Returns false, and writes nothing, where that can't be done: a value that the stored type can't
/// hold, a null in a required column, a value in a field of a struct that is null, a file whose
/// footer does not say how its pages are encoded; or where it would leave more gaps than file. Then
/// the file has to be written whole. `can_write_whole` says whether the caller can, if it is
/// asked; null is yes. If not, gaps do not matter. Nor do they where a whole write would store a
/// column as another type, such as a date as text; and where the footer is what stands against the
/// patch, that is an error then, because columns that nobody edited would change. Errors name the
/// file. `refused`, if given, is set to a cell that can't be changed.
USDPARQUET_API arrow::Result<bool> PatchFile(const Table& table,
                                             const std::vector<ColumnPatch>& patches,
                                             const std::string& path, const WriteOptions& options,
                                             const std::function<bool()>& can_write_whole = nullptr,
                                             std::optional<RefusedCell>* refused = nullptr);

/// Why no cell of a file can be changed so, whatever it is: what a footer of the same chunks can't
/// be made with. Empty if nothing is against it.
USDPARQUET_API std::string WhyNotToPatch(const parquet::FileMetaData& metadata);

}  // namespace usdparquet
