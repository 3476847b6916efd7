#pragma once

/// \file
/// What a footer claims, checked before Arrow parses it: Arrow walks the schema by recursion and
/// copies the name of a group for every column below it.

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <span>

#include "core/util/export.h"

namespace usdparquet {

/// The Thrift of a footer, and where it lies in its file.
struct FooterBytes {
  int64_t offset = 0;
  std::shared_ptr<arrow::Buffer> bytes;

  std::span<const uint8_t> span() const {
    return {bytes->data(), static_cast<size_t>(bytes->size())};
  }
};

/// Reads the footer of a Parquet file. Fails if it does not lie within the file.
USDPARQUET_API arrow::Result<FooterBytes> ReadFooter(arrow::io::RandomAccessFile& file);

/// Checks the Thrift of a footer against the limits of the schema and the number of row groups.
/// Reads each byte once and allocates little. What else is wrong is left to Arrow to say.
USDPARQUET_API arrow::Status CheckFooter(std::span<const uint8_t> footer);

}  // namespace usdparquet
