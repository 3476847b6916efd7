#pragma once

/// \file
/// OpenUSD assets as files that Arrow reads.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <pxr/pxr.h>
#include <pxr/usd/ar/asset.h>

#include <memory>
#include <string>

PXR_NAMESPACE_OPEN_SCOPE

/// Opens the asset at `resolved_path` through the asset resolver, so that files inside .usdz
/// packages and of custom resolvers work as well. An asset in a local file is memory-mapped; any
/// other is read in the ranges that are asked for. `opened`, if given, is set to the asset.
arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> UsdParquetOpenAsset(
    const std::string& resolved_path, std::shared_ptr<ArAsset>* opened = nullptr);

PXR_NAMESPACE_CLOSE_SCOPE
