#pragma once

/// \file
/// A loop whose turns run in several threads.

#include <arrow/status.h>

#include <cstddef>
#include <functional>

#include "core/util/export.h"

namespace usdparquet {

/// Calls `f(i)` for every i below `count`, in up to `num_threads` threads (0: one per core), one of
/// which is the caller's, and returns when all calls have returned. No call begins after one has
/// failed; then the result is the error of the lowest i that failed. An exception counts as an
/// error: none leaves a thread.
USDPARQUET_API arrow::Status ParallelFor(unsigned num_threads, size_t count,
                                         const std::function<arrow::Status(size_t)>& f);

}  // namespace usdparquet
