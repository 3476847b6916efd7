#pragma once

/// \file
/// What the timed loops walk over, made before they start.

#include <pxr/pxr.h>
#include <pxr/usd/sdf/path.h>

#include <cstdint>
#include <span>
#include <vector>

#include "formats.h"

namespace usdparquet_bench {

enum class Order { kRows, kShuffled };

/// The paths of one property, or of the prims, and the keys of the values that are there.
struct Reading {
  std::vector<PXR_NS::SdfPath> paths;
  std::vector<uint64_t> keys;

  /// The part that one of several threads reads.
  std::span<const PXR_NS::SdfPath> Paths(int thread, int threads) const {
    return Part(std::span(paths), thread, threads);
  }
  std::span<const uint64_t> Keys(int thread, int threads) const {
    return Part(std::span(keys), thread, threads);
  }

 private:
  template <typename T>
  static std::span<const T> Part(std::span<const T> all, int thread, int threads) {
    const size_t begin = all.size() * thread / threads;
    const size_t end = all.size() * (thread + 1) / threads;
    return all.subspan(begin, end - begin);
  }
};

/// Makes readings and keeps them, and all prim paths, for the rest of the process.
class Readings {
 public:
  explicit Readings(const Scene& scene);

  /// The prims of all rows.
  const std::vector<PXR_NS::SdfPath>& Prims() const { return prims_; }

  /// One column of kColumns, for all prims that have it.
  Reading Attributes(const Format& format, size_t column, Order order) const;

 private:
  Scene scene_;
  std::vector<PXR_NS::SdfPath> prims_;
  std::vector<uint32_t> shuffled_rows_;
};

}  // namespace usdparquet_bench
