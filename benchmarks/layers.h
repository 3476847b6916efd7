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
PXR_NS::SdfLayerRefPtr FreshLayer(const std::string& file, double* seconds = nullptr,
                                  const PXR_NS::SdfLayer::FileFormatArguments& arguments = {});

/// The layer of a file, kept open until another file is asked for. From any thread.
PXR_NS::SdfLayerRefPtr SharedLayer(const std::string& file);

/// Makes the process as if no layer had been open, for the next measurement. Waits until OpenUSD's
/// own threads have freed the data of closed layers, then has the allocator sort what they freed: a
/// closed USDC layer of 100,000 prims leaves so many pieces that the next large allocation would
/// take a third of a second.
void Settle();

}  // namespace usdparquet_bench
