#pragma once

/// \file
/// OpenUSD assets as files that Arrow reads.

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <pxr/pxr.h>
#include <pxr/usd/ar/asset.h>

#include <memory>
#include <string>

PXR_NAMESPACE_OPEN_SCOPE

/// Opens the asset at `resolved_path` through the asset resolver, so that files inside
/// .usdz packages and of custom resolvers work as well. An asset in a local file is memory-mapped;
/// of any other, and of every one with USDPARQUET_USE_PREAD, only the ranges that are asked for are
/// read. What is no regular file, such as a pipe, is refused. Errors name the file. `opened`, if
/// given, is set to the asset.
arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> UsdParquetOpenAsset(
    const std::string& resolved_path, std::shared_ptr<ArAsset>* opened = nullptr);

/// `length` bytes of the asset from `offset` on, read and not mapped; an error if it does not have
/// them.
arrow::Result<std::shared_ptr<arrow::Buffer>> UsdParquetReadAsset(
    const std::shared_ptr<ArAsset>& asset, int64_t offset, int64_t length);

PXR_NAMESPACE_CLOSE_SCOPE
