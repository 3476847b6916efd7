#pragma once

/// \file
/// Writing all of some bytes to a place in a file.

#include <arrow/status.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string_view>

#include "core/util/system_error.h"

namespace usdparquet {

/// Writes `bytes` at byte `offset`; an error says that one can't do `what`.
inline arrow::Status WriteAt(int descriptor, int64_t offset, std::string_view bytes,
                             const char* what) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError(what);
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += written;
  }
  return arrow::Status::OK();
}

}  // namespace usdparquet
