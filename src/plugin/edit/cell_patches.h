#pragma once

/// \file
/// Edits that only change cells of columns.

#include <arrow/result.h>
#include <pxr/pxr.h>

#include <functional>
#include <optional>
#include <vector>

#include "core/write/file_patch.h"
#include "plugin/edit/layer_edits.h"
#include "plugin/read/source.h"

PXR_NAMESPACE_OPEN_SCOPE

/// `edits` as patches of the file's columns, or nothing if any of them is more than a cell: then
/// the layer has to be written whole. Cells are default values that were set or cleared; attributes
/// that were made where the cell was null, as the column declares them; and, where a null says that
/// there is no attribute, those that were removed.
arrow::Result<std::optional<std::vector<usdparquet::ColumnPatch>>> UsdParquetCellPatches(
    const UsdParquetSource& source, const UsdParquetLayerEdits& edits);

/// The same of those edits that are cells for which `has_cell` is true, of a number in
/// table.columns() and a row. The others are put into `rest`; of the properties of prims, whether
/// they will be those of the layer is not asked. Nothing if a column can't hold a value.
arrow::Result<std::optional<std::vector<usdparquet::ColumnPatch>>> UsdParquetCellPatches(
    const UsdParquetSource& source, const UsdParquetLayerEdits& edits,
    const std::function<bool(size_t column, uint32_t row)>& has_cell, UsdParquetLayerEdits* rest);

PXR_NAMESPACE_CLOSE_SCOPE
