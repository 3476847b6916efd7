#include "benchmarks.h"
#include "check.h"
#include "layers.h"
#include "memory.h"

namespace usdparquet_bench {
namespace {

/// `budget_mb` is 0 for the default budget.
void Register(const char* detail, const char* arguments, int budget_mb, const Format& format,
              const DataFolder& folder) {
  const auto run = [&folder, format, arguments, budget_mb](benchmark::State& state) {
    LayerMemory memory;
    for (auto _ : state) {
      memory = MeasureMemoryElsewhere(folder.Path(), format, arguments, budget_mb);
    }
    state.counters["anonymous_mb"] = memory.anonymous_mb;
    state.counters["resident_mb"] = memory.resident_mb;
  };
  benchmark::RegisterBenchmark(BenchmarkName("memory", detail, format).c_str(), Checked(run))
      ->UseRealTime()
      ->Iterations(1)
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

void RegisterMemory(const Format& format, const DataFolder& folder) {
  Register("open", "--columns=0", 0, format, folder);
  Register("20_properties", "--columns=20", 0, format, folder);
  Register("20_properties_4mb_budget", "--columns=20", 4, format, folder);
  Register("6_properties", "--columns=6", 0, format, folder);
  if (!std::filesystem::exists(folder.Playback(format))) return;
  Register("playback", "--playback", 0, format, folder);
  Register("playback_1mb_budget", "--playback", 1, format, folder);
}

}  // namespace usdparquet_bench
