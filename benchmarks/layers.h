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

/// Opens a layer that is not open yet, after closing the one that SharedLayer keeps. Throws
/// std::runtime_error where it can't be opened. `seconds`, if given, gets the time that took.
PXR_NS::SdfLayerRefPtr FreshLayer(const std::string& file, double* seconds = nullptr,
                                  const PXR_NS::SdfLayer::FileFormatArguments& arguments = {});

/// The layer of a file, kept open until another file is asked for. From any thread.
PXR_NS::SdfLayerRefPtr SharedLayer(const std::string& file);

/// Clears away what closed layers left, before the next measurement. Waits until OpenUSD's own
/// threads have freed their data, then has the allocator sort what they freed: a
/// closed USDC layer of 100,000 prims leaves so many pieces that the next large allocation would
/// take a third of a second.
void Settle();

}  // namespace usdparquet_bench
