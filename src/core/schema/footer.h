#pragma once

/// \file
/// The footer of a Parquet file. What it claims is checked before Arrow parses it: Arrow walks the
/// schema by recursion and copies the name of a group for every column below it.

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <parquet/metadata.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

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

/// Statistics of a column chunk that hold bounds of another size than the column's values have, or
/// are of another type. They are hints, and Arrow would throw when it reads the column.
struct BadStatistics {
  int row_group = 0;
  int leaf = 0;
  bool is_shortened = false;  ///< as Parquet allows for bytes of fixed length: no damage
  int64_t offset = 0;         ///< in the file
  std::string replacement;    ///< what to read there: as many bytes, in which no reader sees any
};

/// Checks the Thrift of a footer against the limits of the schema and the number of row groups, and
/// finds the statistics that can't be used. Reads each byte once and allocates little. What else is
/// wrong is left to Arrow to say.
USDPARQUET_API arrow::Result<std::vector<BadStatistics>> CheckFooter(const FooterBytes& footer);

struct ParsedFooter {
  std::shared_ptr<parquet::FileMetaData> metadata;  ///< without the bad statistics
  std::vector<BadStatistics> bad_statistics;
};

/// Checks a footer, and has Arrow parse it.
USDPARQUET_API arrow::Result<ParsedFooter> ParseFooter(const FooterBytes& footer);

}  // namespace usdparquet
