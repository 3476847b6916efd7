#pragma once

/// \file
/// The checksum of Parquet's pages.

#include <cstdint>
#include <span>

#include "core/util/export.h"

namespace usdparquet {

/// The CRC-32 of `bytes` as zlib and Parquet compute it (not CRC-32C, for which processors have an
/// instruction). Folds 64 bytes a step where the processor multiplies without carries; else as
/// Arrow, by tables. Thread-safe.
USDPARQUET_API uint32_t Crc32(std::span<const uint8_t> bytes);

}  // namespace usdparquet
