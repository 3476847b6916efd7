#pragma once

/// \file
/// Whether a page's value section is large enough for the values it claims: checked before memory
/// is reserved for them, and before Arrow's decoders run, which believe the counts in delta
/// encodings.

#include <arrow/result.h>
#include <arrow/status.h>
#include <parquet/schema.h>

#include <cstdint>
#include <span>
#include <vector>

#include "core/util/export.h"

namespace usdparquet {

/// Checks that `section`, of that encoding, can hold `count` values, and claims no more than
/// `num_levels`, the page's number of values with nulls. Linear in the section. Thread-safe.
USDPARQUET_API arrow::Status CheckValueClaims(const parquet::ColumnDescriptor& descriptor,
                                              parquet::Encoding::type encoding,
                                              std::span<const uint8_t> section, int64_t num_levels,
                                              int64_t count);

/// A delta-encoded list of lengths, none of them negative, and what is behind it.
struct Lengths {
  std::vector<int32_t> values;
  std::span<const uint8_t> rest;
};

/// Reads the `count` lengths at the start of `section`, which may claim no more than `num_levels`.
/// Thread-safe.
arrow::Result<Lengths> ReadLengths(std::span<const uint8_t> section, int64_t num_levels,
                                   int64_t count);

/// Checks that `section` holds `count` values, none cut off, and nothing else, without keeping
/// any. `num_levels` is as above; `dictionary_size` is the number of the dictionary's entries, -1
/// if there is none. For pages without a checksum, and those that Arrow is to decode. Fails or
/// throws parquet::ParquetException. Linear in the section and in `count`. Thread-safe.
USDPARQUET_API arrow::Status CheckWholeValues(const parquet::ColumnDescriptor& descriptor,
                                              parquet::Encoding::type encoding,
                                              std::span<const uint8_t> section, int64_t num_levels,
                                              int64_t count, int64_t dictionary_size);

}  // namespace usdparquet
