#pragma once

/// \file
/// Saves the edits of a layer whose rows lie in the files of a dataset.

#include <arrow/status.h>
#include <pxr/pxr.h>

#include <string>

#include "core/write/table_writer.h"
#include "plugin/edit/layer_data.h"
#include "plugin/read/format_arguments.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Writes the files of the dataset in `folder` anew that hold edited cells or rows of removed
/// prims, or are to hold new ones, and puts them in place together. Fails, and changes nothing, if
/// the dataset has no manifest, or if files of its kind would not give back what was edited. Errors
/// do not name the folder.
///
/// Not thread-safe, as an edit of the layer is not.
arrow::Status UsdParquetSaveDataset(const UsdParquetLayerData& data, const std::string& folder,
                                    const UsdParquetArguments& arguments,
                                    const usdparquet::WriteOptions& options);

PXR_NAMESPACE_CLOSE_SCOPE
