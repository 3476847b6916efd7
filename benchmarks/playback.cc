#include "playback.h"

#include <pxr/base/tf/token.h>

#include <stdexcept>

#include "digest.h"
#include "layers.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace usdparquet_bench {

Playback::Playback(const Scene& scene) {
  std::vector<TfToken> names;
  for (const size_t column : kPlaybackColumns) names.emplace_back(kColumns[column].name);
  for (int64_t row = 0; row < scene.prims; ++row) {
    const SdfPath prim(scene.PrimPath(row));
    for (const TfToken& name : names) paths_.push_back(prim.AppendProperty(name));
  }
}

uint64_t Playback::Query(const SdfLayerRefPtr& layer) const {
  const SdfLayer& direct = *layer;
  uint64_t sum = 0;
  double value = 0;
  for (int frame = 0; frame < kFrames; ++frame) {
    for (const SdfPath& path : paths_) {
      if (direct.QueryTimeSample(path, frame, &value)) sum += Digest(value);
    }
  }
  return sum;
}

uint64_t Playback::ExpectedQuery() const {
  uint64_t sum = 0;
  for (int frame = 0; frame < kFrames; ++frame) {
    for (size_t i = 0; i < paths_.size(); ++i) {
      const size_t column = kPlaybackColumns[i % kPlaybackColumns.size()];
      sum += Digest(SampleValue(i / kPlaybackColumns.size(), frame, column));
    }
  }
  return sum;
}

uint64_t Playback::Bracket(const SdfLayerRefPtr& layer) const {
  const SdfLayer& direct = *layer;
  uint64_t sum = 0;
  double lower = 0, upper = 0, before = 0, after = 0;
  for (int frame = 0; frame + 1 < kFrames; ++frame) {
    for (const SdfPath& path : paths_) {
      if (direct.GetBracketingTimeSamplesForPath(path, frame + 0.5, &lower, &upper) &&
          direct.QueryTimeSample(path, lower, &before) &&
          direct.QueryTimeSample(path, upper, &after)) {
        sum += Digest(before) + 3 * Digest(after);
      }
    }
  }
  return sum;
}

uint64_t Playback::ExpectedBracket() const {
  uint64_t sum = 0;
  for (int frame = 0; frame + 1 < kFrames; ++frame) {
    for (size_t i = 0; i < paths_.size(); ++i) {
      const size_t column = kPlaybackColumns[i % kPlaybackColumns.size()];
      const size_t prim = i / kPlaybackColumns.size();
      sum += Digest(SampleValue(prim, frame, column)) +
             3 * Digest(SampleValue(prim, frame + 1, column));
    }
  }
  return sum;
}

SdfLayer::FileFormatArguments PlaybackArguments(const Format& format, int cache_mb) {
  if (format.IsUsdc()) return {};
  SdfLayer::FileFormatArguments arguments{{"time", "frame"}};
  if (cache_mb > 0) arguments["cache_mb"] = std::to_string(cache_mb);
  return arguments;
}

LayerMemory MeasurePlaybackMemory(const DataFolder& folder, const Format& format) {
  const auto play = [&](const std::string& file, const Playback& playback) {
    const SdfLayerRefPtr layer = FreshLayer(file, nullptr, PlaybackArguments(format));
    if (playback.Query(layer) != playback.ExpectedQuery()) {
      throw std::runtime_error(file + ": the layer has other values");
    }
    return layer;
  };
  const Playback playback(folder.PlaybackScene());
  // Loads the plugin and makes what every process makes once.
  play(folder.PlaybackWarmUp(format), Playback(folder.WarmUpScene()));
  Settle();
  const LayerMemory before = ProcessMemory();
  const SdfLayerRefPtr layer = play(folder.Playback(format), playback);
  const LayerMemory after = ProcessMemory();
  return {after.anonymous_mb - before.anonymous_mb, after.resident_mb - before.resident_mb};
}

}  // namespace usdparquet_bench
