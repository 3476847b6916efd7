#pragma once

/// \file
/// Whether a page's value section is large enough for the values it claims: checked before memory
/// is reserved for them, and before Arrow's decoders run, which believe the counts in delta
/// encodings.

#include <arrow/status.h>
#include <parquet/schema.h>

#include <cstdint>
#include <span>

#include "core/util/export.h"

namespace usdparquet {

/// Checks that `section`, of that encoding, can hold `count` values, and claims no more than
/// `num_levels`, the page's number of values with nulls. Linear in the section. Thread-safe.
USDPARQUET_API arrow::Status CheckValueClaims(const parquet::ColumnDescriptor& descriptor,
                                              parquet::Encoding::type encoding,
                                              std::span<const uint8_t> section, int64_t num_levels,
                                              int64_t count);

}  // namespace usdparquet
