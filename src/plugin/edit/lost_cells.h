#pragma once

/// \file
/// Cells of a layer's file that no value of the layer stands for.

#include <arrow/result.h>
#include <pxr/pxr.h>

#include <string>

#include "plugin/edit/layer_data.h"

PXR_NAMESPACE_OPEN_SCOPE

/// A cell that can't be presented, so that a file that is written of the layer would not have it:
/// where it is and why. Empty if there is none among the cells that were read so far, or edits took
/// their places. Decodes columns with such cells whole. Fails where that fails.
arrow::Result<std::string> UsdParquetFindLostCell(const UsdParquetLayerData& data);

PXR_NAMESPACE_CLOSE_SCOPE
