#pragma once

/// \file
/// How the columns of a written file are encoded and compressed.

#include <arrow/table.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <memory>

#include "core/write/table_writer.h"

namespace usdparquet {

/// The properties with which `table`, or one that begins like it, is written: pages, checksums,
/// codec, and for each of its `leaves` an encoding, chosen by its type and, for strings, its first
/// values.
std::shared_ptr<parquet::WriterProperties> ChooseEncodings(const arrow::Table& table,
                                                           const parquet::SchemaDescriptor& leaves,
                                                           const WriteOptions& options);

}  // namespace usdparquet
