#pragma once

/// \file
/// Edits that only change cells of columns.

#include <arrow/result.h>
#include <pxr/pxr.h>

#include <optional>
#include <vector>

#include "core/write/file_patch.h"
#include "plugin/edit/layer_edits.h"
#include "plugin/read/source.h"

PXR_NAMESPACE_OPEN_SCOPE

/// `edits` as patches of the file's columns, or nothing if any of them is more than a default value
/// that was set or cleared in a column: then the layer has to be written whole.
arrow::Result<std::optional<std::vector<usdparquet::ColumnPatch>>> UsdParquetCellPatches(
    const UsdParquetSource& source, const UsdParquetLayerEdits& edits);

PXR_NAMESPACE_CLOSE_SCOPE
