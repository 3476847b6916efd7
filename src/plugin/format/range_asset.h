#pragma once

/// \file
/// A part of an asset as an asset of its own.

#include <pxr/pxr.h>
#include <pxr/usd/ar/asset.h>

#include <cstdint>
#include <memory>

PXR_NAMESPACE_OPEN_SCOPE

/// Bytes [offset, offset + length) of `whole`; with USDPARQUET_USE_PREAD a copy of them in memory.
/// Null if they can't be read. Thread-safe, as assets are.
std::shared_ptr<ArAsset> UsdParquetRangeAsset(std::shared_ptr<ArAsset> whole, int64_t offset,
                                              int64_t length);

PXR_NAMESPACE_CLOSE_SCOPE
