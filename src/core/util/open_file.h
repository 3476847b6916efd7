#pragma once

/// \file
/// Opens local files for reading; refuses what is not a regular file.
///
/// Part of the C++ interface, which is installed (docs/cpp.md).

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <arrow/status.h>

#include <memory>
#include <string>

#include "core/util/export.h"

namespace usdparquet {

/// Whether files are read instead of mapped, as the environment variable USDPARQUET_USE_PREAD says
/// (set, and not 0, false, no or off). Read once per process. Thread-safe.
USDPARQUET_API bool UsesPread();

/// An error if `path` leads to something that is not a regular file: a folder, a device, a pipe or
/// a socket. OK if it leads to nothing, for whoever opens it to say. Opens nothing, so that a pipe
/// does not wait for its other end. Thread-safe.
USDPARQUET_API arrow::Status CheckRegularFile(const std::string& path);

/// Opens a regular file to be read, not mapped. Errors do not name the file. Thread-safe.
USDPARQUET_API arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenFile(
    const std::string& path);

}  // namespace usdparquet
