#pragma once

/// \file
/// How the columns of a written file are encoded and compressed.

#include <arrow/table.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <cstdint>
#include <memory>

#include "core/write/table_writer.h"

namespace usdparquet {

/// How many rows tell whether a column is mostly distinct.
inline constexpr int64_t kEncodingSample = 10'000;

/// The properties with which `table`, or one that begins like it, is written: pages, checksums,
/// codec, and for each of its `leaves` an encoding, chosen by its type and, for strings, its first
/// values.
std::shared_ptr<parquet::WriterProperties> ChooseEncodings(const arrow::Table& table,
                                                           const parquet::SchemaDescriptor& leaves,
                                                           const WriteOptions& options);

}  // namespace usdparquet
