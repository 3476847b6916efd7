#pragma once

/// \file
/// The boundary that no exception crosses: around what Arrow's Parquet classes, which throw, and
/// the standard library, which runs out of memory, do on behalf of a function that returns a
/// status.

#include <arrow/result.h>
#include <arrow/status.h>

#include <exception>
#include <new>
#include <string_view>

#include "core/util/message_text.h"

namespace usdparquet {

/// The status for the exception that is being handled: OutOfMemory, or an IOError of what was
/// thrown behind `what`. REQUIRES: called within a catch block.
inline arrow::Status StatusOfException(std::string_view what = {}) {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return arrow::Status::OutOfMemory("there is not enough memory");
  } catch (const std::exception& e) {
    return arrow::Status::IOError(what, MessageText(e.what()));
  } catch (...) {
    return arrow::Status::UnknownError(what, "an exception of unknown type");
  }
}

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
