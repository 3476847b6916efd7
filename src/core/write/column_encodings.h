#pragma once

/// \file
/// How the columns of a written file are encoded and compressed.

#include <arrow/result.h>
#include <arrow/table.h>
#include <parquet/properties.h>

#include <memory>

#include "core/write/table_writer.h"

namespace usdparquet {

/// The properties with which `table`, or one that begins like it, is written: pages, checksums,
/// codec, and for each leaf an encoding, chosen by its type and, for strings, its first values.
arrow::Result<std::shared_ptr<parquet::WriterProperties>> ChooseEncodings(
    const arrow::Table& table, const WriteOptions& options,
    const parquet::ArrowWriterProperties& arrow_properties);

}  // namespace usdparquet
