#pragma once

/// \file
/// Opening layers for measurements.

#include <pxr/pxr.h>
#include <pxr/usd/sdf/layer.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace usdparquet_bench {

using Clock = std::chrono::steady_clock;

inline double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A layer opened anew: the one that SharedLayer keeps is closed first. Throws std::runtime_error
/// where it can't be opened. `seconds`, if given, is what the open took.
PXR_NS::SdfLayerRefPtr FreshLayer(const std::string& file, double* seconds = nullptr);

/// The layer of a file, kept open until another file is asked for. From any thread.
PXR_NS::SdfLayerRefPtr SharedLayer(const std::string& file);

/// Waits until the process does nothing: OpenUSD frees the data of a closed layer in its own
/// threads, which must not run into the next measurement.
void WaitUntilIdle();

}  // namespace usdparquet_bench
