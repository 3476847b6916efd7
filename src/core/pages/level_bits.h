#pragma once

/// \file
/// Definition levels that are 0 or 1, as bits.

#include <arrow/status.h>

#include <cstdint>
#include <optional>
#include <span>

#include "core/pages/page_header.h"
#include "core/util/export.h"

namespace usdparquet {

/// Whether DecodeLevelBits can read the levels of such a data page.
USDPARQUET_API bool HasLevelBits(const PageHeader& header);

/// The bytes that the levels of such a page take at the start of `body`, its decompressed body, if
/// all of them are 1 and stored as one run, as writers do where no cell is null. Nothing if they
/// are not, or are stored otherwise. Thread-safe.
USDPARQUET_API std::optional<size_t> SizeOfOnes(const PageHeader& header,
                                                std::span<const uint8_t> body);

/// Sets bits [begin, begin + header.num_values) of `bits` to the definition levels of a data page,
/// which lie in `body`: behind their length in a page of version 1, and by themselves in one of
/// version 2. The column has no lists, and its highest level is 1. Fails if the page has not so
/// many levels. REQUIRES: HasLevelBits(header); `bits` has room, and is 0 there. Thread-safe.
USDPARQUET_API arrow::Status DecodeLevelBits(const PageHeader& header,
                                             std::span<const uint8_t> body, uint64_t* bits,
                                             uint32_t begin);

}  // namespace usdparquet
