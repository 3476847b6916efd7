#pragma once

/// \file
/// The name of the file in an error.

#include <arrow/result.h>
#include <arrow/status.h>

#include <string>

#include "core/util/export.h"

namespace usdparquet {

/// `status`, if it is an error, with `name` before its message and the system's reason, if it has
/// one, behind it; on one line and in valid UTF-8.
USDPARQUET_API arrow::Status WithFileName(const arrow::Status& status, const std::string& name);

template <typename T>
arrow::Result<T> WithFileName(arrow::Result<T> result, const std::string& name) {
  if (result.ok()) return result;
  return WithFileName(result.status(), name);
}

}  // namespace usdparquet
