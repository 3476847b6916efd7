#pragma once

/// \file
/// Whether files say what a layer says of its edits.

#include <arrow/status.h>
#include <pxr/pxr.h>

#include <memory>

#include "plugin/edit/layer_data.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Whether `saved`, the files that a layer is to be saved to, says what the layer says of all that
/// was edited; an error if it does not. Properties of a prim may be in another order, unless the
/// files keep that.
arrow::Status UsdParquetCheckSaved(const UsdParquetLayerData& data,
                                   const std::shared_ptr<const UsdParquetSource>& saved);

PXR_NAMESPACE_CLOSE_SCOPE
