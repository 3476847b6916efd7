#pragma once

/// \file
/// Opening a Parquet file as a source of specs.

#include <arrow/result.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/layer.h>

#include <memory>
#include <string>

#include "plugin/read/format_arguments.h"
#include "plugin/read/source.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Where the file of ids is that the format argument `ids` of a layer at `resolved_path` names:
/// relative paths start from the layer, also inside a package. Empty if the resolver finds none.
std::string UsdParquetResolveIds(const std::string& resolved_path, const std::string& ids);

/// Opens the asset at `resolved_path`, and its residual if it has one, as the arguments say.
/// Problems that leave a layer to work with are raised as warnings. Errors name the file. `scratch`
/// is for UsdParquetReadCrate: the layer that is being loaded, or null.
arrow::Result<std::shared_ptr<const UsdParquetSource>> UsdParquetOpenLayerFile(
    const std::string& resolved_path, const UsdParquetArguments& arguments, SdfLayer* scratch);

/// The source of a dataset that was opened, without warnings; `name` is what errors call it.
/// Colours are left out.
arrow::Result<std::shared_ptr<const UsdParquetSource>> UsdParquetSourceOf(
    usdparquet::TableFile file, const std::string& name, const UsdParquetArguments& arguments);

PXR_NAMESPACE_CLOSE_SCOPE
