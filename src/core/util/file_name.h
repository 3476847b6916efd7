#pragma once

/// \file
/// Names of files: from a folder on, and in errors.

#include <arrow/result.h>
#include <arrow/status.h>

#include <string>

#include "core/util/export.h"

namespace usdparquet {

/// A name as it is found from `folder`: as it is, if it is absolute.
USDPARQUET_API std::string PathFrom(const std::string& folder, const std::string& name);

/// `status`, if it is an error, with `name` before its message and the system's reason, if it has
/// one, behind it; on one line and in valid UTF-8.
USDPARQUET_API arrow::Status WithFileName(const arrow::Status& status, const std::string& name);

template <typename T>
arrow::Result<T> WithFileName(arrow::Result<T> result, const std::string& name) {
  if (result.ok()) return result;
  return WithFileName(result.status(), name);
}

}  // namespace usdparquet
