#pragma once

/// \file
/// Writing layers to Parquet files: all of a layer to any file, or its edits to its own.

#include <arrow/status.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/fileFormat.h>
#include <pxr/usd/sdf/layer.h>

#include <string>

PXR_NAMESPACE_OPEN_SCOPE

/// Writes all of `layer` to `file`, whose folder is made if need be. A file of that name is
/// replaced whole or not at all. Fails if values of the Parquet file behind the layer could not be
/// read and would be lost. Errors name the file.
///
/// One argument is known, `compression`: the codec of the columns, `zstd`, `snappy` or `none`. If
/// it is not given, the columns are compressed with Zstandard, unless they are very small.
arrow::Status UsdParquetExportLayer(const SdfLayer& layer, const std::string& file,
                                    const SdfFileFormat::FileFormatArguments& arguments);

/// Writes `layer` to `file`, its own. Where only cells were edited, only the chunks of those cells
/// are written. The layer's data then is the new file, and its edits are gone from memory. Fails if
/// saving would lose what the file, or its arguments, kept out of the layer. Errors name the file.
///
/// Not thread-safe, as an edit of the layer is not.
arrow::Status UsdParquetSaveLayer(const SdfLayer& layer, const std::string& file);

PXR_NAMESPACE_CLOSE_SCOPE
