#pragma once

/// \file
/// The residual: the parts of a layer that no table can hold, inside the Parquet file, between the
/// last row group and the footer. It is a crate file, or packed where it is small. Core neither
/// reads nor writes its contents.

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <parquet/metadata.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/util/export.h"

namespace usdparquet {

/// The footer's key whose value says where the residual is.
inline constexpr char kResidualKey[] = "usdparquet:residual";

/// Bytes [offset, offset + length) of the file.
struct ResidualBlob {
  int64_t offset = 0;
  int64_t length = 0;
  bool is_packed = false;                ///< else a crate file
  std::shared_ptr<arrow::Buffer> bytes;  ///< those that were verified
};

/// The locator of a residual `bytes` at `offset`: the value of kResidualKey. Which of the two forms
/// it has is seen by how it begins.
std::string ResidualLocator(int64_t offset, std::string_view bytes);

/// Finds the residual of a file; nothing if it has none. Verifies its checksum: an error says that
/// the entry can't be read, or that the bytes are damaged or gone, as they are when other software
/// has rewritten the file and kept the entry.
USDPARQUET_API arrow::Result<std::optional<ResidualBlob>> FindResidual(
    arrow::io::RandomAccessFile& file, const parquet::FileMetaData& metadata);

}  // namespace usdparquet
