#pragma once

/// \file
/// Playing time samples: all prims, frame after frame.

#include <pxr/pxr.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/path.h>

#include <string>
#include <vector>

#include "formats.h"
#include "memory.h"
#include "values.h"

namespace usdparquet_bench {

/// The attributes of a scene with time samples, and the loops over them. The loops add up digests
/// of what they read, which must be the Expected ones.
class Playback {
 public:
  explicit Playback(const Scene& scene);

  /// The samples that one pass reads.
  size_t NumSamples() const { return paths_.size() * kFrames; }

  /// One pass: the sample of every attribute at every frame.
  uint64_t Query(const PXR_NS::SdfLayerRefPtr& layer) const;
  uint64_t ExpectedQuery() const;

  /// One pass between the frames, as an interpolating stage reads: the samples before and after,
  /// and the values of both.
  uint64_t Bracket(const PXR_NS::SdfLayerRefPtr& layer) const;
  uint64_t ExpectedBracket() const;

 private:
  std::vector<PXR_NS::SdfPath> paths_;  // the columns of the first prim, then of the next
};

/// The arguments with which the playback file of a format is opened; `cache_mb` as the format
/// argument, 0 for the default budget.
PXR_NS::SdfLayer::FileFormatArguments PlaybackArguments(const Format& format, int cache_mb = 0);

/// What the process grows by when it opens the playback file and plays it once. Throws
/// std::runtime_error where a value is wrong.
LayerMemory MeasurePlaybackMemory(const DataFolder& folder, const Format& format);

}  // namespace usdparquet_bench
