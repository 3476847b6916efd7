#include "benchmarks.h"
#include "check.h"
#include "layers.h"
#include "memory.h"

namespace usdparquet_bench {
namespace {

void Register(const char* detail, int columns, int budget_mb, const Format& format,
              const DataFolder& folder) {
  const auto run = [&folder, format, columns, budget_mb](benchmark::State& state) {
    LayerMemory memory;
    const std::string arguments = "--columns=" + std::to_string(columns);
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
  Register("20_properties", 20, 0, format, folder);
  Register("20_properties_4mb_budget", 20, 4, format, folder);
  Register("6_properties", 6, 0, format, folder);
}

}  // namespace usdparquet_bench
