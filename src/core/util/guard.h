#pragma once

/// \file
/// The boundary that no exception crosses: around what Arrow's Parquet classes, which throw, and
/// the standard library, which runs out of memory, do on behalf of a function that returns a
/// status.

#include <arrow/result.h>
#include <arrow/status.h>

#include <exception>
#include <new>

#include "core/util/message_text.h"

namespace usdparquet {

/// The status for the exception that is being handled. REQUIRES: called within a catch block.
inline arrow::Status StatusOfException() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return arrow::Status::OutOfMemory("there is not enough memory");
  } catch (const std::exception& e) {
    return arrow::Status::IOError(MessageText(e.what()));
  } catch (...) {
    return arrow::Status::UnknownError("an exception of unknown type");
  }
}

/// What `f`, which returns an arrow::Status or arrow::Result, returns; an error where it throws.
template <typename F>
auto Guarded(F&& f) -> decltype(f()) {
  try {
    return f();
  } catch (...) {
    return StatusOfException();
  }
}

}  // namespace usdparquet
