#pragma once

/// \file
/// Assets that are no files of their own: a part of another, or bytes in memory.

#include <arrow/buffer.h>
#include <pxr/pxr.h>
#include <pxr/usd/ar/asset.h>

#include <cstdint>
#include <memory>

PXR_NAMESPACE_OPEN_SCOPE

/// Bytes [offset, offset + length) of `whole`; with USDPARQUET_USE_PREAD a copy of them in memory.
/// Null if they can't be read. Thread-safe, as assets are.
std::shared_ptr<ArAsset> UsdParquetRangeAsset(std::shared_ptr<ArAsset> whole, int64_t offset,
                                              int64_t length);

/// The bytes of a buffer. Thread-safe, as assets are.
std::shared_ptr<ArAsset> UsdParquetBytesAsset(std::shared_ptr<arrow::Buffer> bytes);

PXR_NAMESPACE_CLOSE_SCOPE
