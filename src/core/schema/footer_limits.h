#pragma once

/// \file
/// What a footer claims, checked before Arrow parses it: Arrow walks the schema by recursion and
/// copies the name of a group for every column below it.

#include <arrow/io/interfaces.h>
#include <arrow/status.h>

#include <cstdint>
#include <span>

#include "core/util/export.h"

namespace usdparquet {

/// Checks the Thrift of a footer against the limits of the schema and the number of row groups.
/// Reads each byte once and allocates little. What else is wrong is left to Arrow to say.
USDPARQUET_API arrow::Status CheckFooter(std::span<const uint8_t> footer);

/// Reads the footer of a Parquet file and checks it; also that it lies within the file.
USDPARQUET_API arrow::Status CheckFooter(arrow::io::RandomAccessFile& file);

}  // namespace usdparquet
