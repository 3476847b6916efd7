#include "benchmarks.h"
#include "check.h"
#include "digest.h"
#include "layers.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace usdparquet_bench {
namespace {

/// Whether the last prim has its value, so that the whole layer was opened.
bool HasLastPrim(const SdfLayerRefPtr& layer, const Reading& last) {
  return ReadColumn(layer, kCost, last.paths) == ExpectedDigest(kCost, last.keys);
}

}  // namespace

void RegisterOpen(const Format& format, const DataFolder& folder, const Readings& readings) {
  const std::string name = BenchmarkName("open", "layer", format);
  const std::string file = folder.Table(format);
  const std::string warm_up = folder.WarmUp(format);
  const auto run = [&readings, format, file, warm_up](benchmark::State& state) {
    FreshLayer(warm_up);  // loading the plugin is no part of opening a layer
    Reading last = readings.Attributes(format, kCost, Order::kRows);
    last.paths.erase(last.paths.begin(), last.paths.end() - 1);
    last.keys.erase(last.keys.begin(), last.keys.end() - 1);
    for (auto _ : state) {
      double seconds = 0;
      const SdfLayerRefPtr layer = FreshLayer(file, &seconds);
      state.SetIterationTime(seconds);
      if (!HasLastPrim(layer, last)) {
        Fail(state, file + ": the last prim has another value");
        break;
      }
    }
    CountItems(state, 1);
  };
  benchmark::RegisterBenchmark(name.c_str(), Checked(run))
      ->UseManualTime()
      ->MinTime(0.01)
      ->Unit(benchmark::kMillisecond);
}

}  // namespace usdparquet_bench
