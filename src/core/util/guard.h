#pragma once

/// \file
/// The boundary that no exception crosses: around what Arrow's Parquet classes, which throw, and
/// the standard library, which runs out of memory, do on behalf of a function that returns a
/// status.

#include <arrow/result.h>
#include <arrow/status.h>

#include <string_view>

#include "core/util/export.h"

namespace usdparquet {

/// The status for the exception that is being handled: OutOfMemory, or an IOError of what was
/// thrown behind `what`. REQUIRES: called within a catch block.
USDPARQUET_API arrow::Status StatusOfException(std::string_view what = {});

/// What `f`, which returns an arrow::Status or arrow::Result, returns; an error where it throws.
template <typename F>
auto Guarded(F&& f, std::string_view what = {}) -> decltype(f()) {
  try {
    return f();
  } catch (...) {
    return StatusOfException(what);
  }
}

}  // namespace usdparquet
