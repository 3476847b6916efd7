#pragma once

/// \file
/// The residual as a crate file, read and written by OpenUSD's own format.

#include <arrow/result.h>
#include <pxr/pxr.h>
#include <pxr/usd/ar/asset.h>
#include <pxr/usd/sdf/abstractData.h>
#include <pxr/usd/sdf/layer.h>

#include <memory>
#include <string>

#include "core/sections/residual_blob.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Reads the crate file at `blob` of `whole`, in place: its values are read when they are asked
/// for. With USDPARQUET_USE_PREAD its bytes are copied. Null if it can't be read; OpenUSD's reader
/// has then raised why, and calls it by `name`.
///
/// OpenUSD reads into layers only. `scratch` is the one that is being loaded or reloaded, and has
/// its own data again afterwards: OpenUSD sends nothing while it loads, and one notice at the end
/// of a reload. Where there is none, an anonymous layer lives meanwhile and sends nothing.
SdfAbstractDataRefPtr UsdParquetReadCrate(const std::string& name,
                                          const std::shared_ptr<ArAsset>& whole,
                                          const usdparquet::ResidualBlob& blob, SdfLayer* scratch);

/// The bytes of a crate file with `data` in it. `temporary` is the path of a file that is made
/// meanwhile, and read again: OpenUSD does not tell whether it could be written. Sends no notices.
/// Errors do not name a file.
arrow::Result<std::string> UsdParquetWriteCrate(const SdfAbstractDataRefPtr& data,
                                                const std::string& temporary);

PXR_NAMESPACE_CLOSE_SCOPE
