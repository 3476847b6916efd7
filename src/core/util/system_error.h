#pragma once

/// \file
/// What the system says of a call that failed.

#include <arrow/status.h>

#include <cerrno>
#include <cstring>

namespace usdparquet {

/// An IOError with `what` was tried and what `errno` says.
inline arrow::Status SystemError(const char* what) {
  return arrow::Status::IOError(what, ": ", std::strerror(errno));
}

}  // namespace usdparquet
