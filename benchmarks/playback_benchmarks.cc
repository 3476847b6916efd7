#include "benchmarks.h"
#include "check.h"
#include "layers.h"
#include "playback.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace usdparquet_bench {
namespace {

constexpr int kSmallBudget = 1;     // MB
constexpr int kDefaultBudget = 64;  // MB

/// One timed pass over a layer that was just opened.
void RegisterPass(const char* detail, bool is_bracketing, int cache_mb, const Format& format,
                  const DataFolder& folder) {
  const std::string name = BenchmarkName("playback", detail, format);
  const auto run = [&folder, format, name, is_bracketing, cache_mb](benchmark::State& state) {
    const Playback playback(folder.PlaybackScene());
    const uint64_t expected = is_bracketing ? playback.ExpectedBracket() : playback.ExpectedQuery();
    for (auto _ : state) {
      const SdfLayerRefPtr layer =
          FreshLayer(folder.Playback(format), nullptr, PlaybackArguments(format, cache_mb));
      const auto start = Clock::now();
      const uint64_t found = is_bracketing ? playback.Bracket(layer) : playback.Query(layer);
      state.SetIterationTime(SecondsSince(start));
      if (found != expected) {
        Fail(state, name + ": the layer has other values");
        break;
      }
    }
    CountItems(state, playback.NumSamples());
  };
  benchmark::RegisterBenchmark(name.c_str(), Checked(run))
      ->UseManualTime()
      ->Iterations(1)
      ->Unit(benchmark::kMillisecond);
}

void RegisterPlaybackOpen(const Format& format, const DataFolder& folder) {
  const std::string name = BenchmarkName("open", "playback", format);
  const auto run = [&folder, format](benchmark::State& state) {
    for (auto _ : state) {
      double seconds = 0;
      FreshLayer(folder.Playback(format), &seconds, PlaybackArguments(format));
      state.SetIterationTime(seconds);
    }
    CountItems(state, 1);
  };
  benchmark::RegisterBenchmark(name.c_str(), Checked(run))
      ->UseManualTime()
      ->Iterations(3)
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

void RegisterPlayback(const Format& format, const DataFolder& folder) {
  RegisterPlaybackOpen(format, folder);
  // The argument sets the budget of the process: the last one sets it back.
  RegisterPass("query_1mb_budget", false, kSmallBudget, format, folder);
  RegisterPass("bracket_1mb_budget", true, kSmallBudget, format, folder);
  RegisterPass("query", false, kDefaultBudget, format, folder);
  RegisterPass("bracket", true, kDefaultBudget, format, folder);
}

}  // namespace usdparquet_bench
