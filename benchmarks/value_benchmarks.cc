#include "benchmarks.h"
#include "check.h"
#include "digest.h"
#include "layers.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace usdparquet_bench {
namespace {

struct Case {
  const char* detail;
  size_t column;
};
constexpr Case kCases[] = {{"double", kCost},     {"int", kLifespan}, {"bool", kIsActive},
                           {"string", kSupplier}, {"float3", kSize},  {"array", kSamples}};

std::string FileWith(const DataFolder& folder, const Format& format, size_t column) {
  return column < kTableColumns ? folder.Table(format) : folder.Shapes(format);
}

/// First touch: a new layer in every iteration, reading its column alone, decoding included.
void RegisterCold(const Case& one, const Format& format, const DataFolder& folder,
                  const Readings& readings) {
  const std::string name = BenchmarkName("cold", one.detail, format);
  const std::string file = FileWith(folder, format, one.column);
  const auto run = [&readings, format, name, file, column = one.column](benchmark::State& state) {
    const Reading reading = readings.Attributes(format, column, Order::kRows);
    const uint64_t expected = ExpectedDigest(column, reading.keys);
    for (auto _ : state) {
      const SdfLayerRefPtr layer = FreshLayer(file);
      const auto start = Clock::now();
      const uint64_t found = ReadColumn(layer, column, reading.paths);
      state.SetIterationTime(SecondsSince(start));
      if (found != expected) {
        Fail(state, name + ": the layer has other values");
        break;
      }
    }
    CountItems(state, reading.paths.size());
  };
  benchmark::RegisterBenchmark(name.c_str(), Checked(run))
      ->UseManualTime()
      ->Iterations(1)
      ->Unit(benchmark::kMillisecond);
}

/// After a pass that is not timed. Several threads share the layer and divide the paths.
void RegisterWarm(const char* figure, const Case& one, Order order, int threads,
                  const Format& format, const DataFolder& folder, const Readings& readings) {
  const std::string name = BenchmarkName(figure, one.detail, format);
  const std::string file = FileWith(folder, format, one.column);
  const auto run = [&readings, format, name, file, order,
                    column = one.column](benchmark::State& state) {
    const Reading reading = readings.Attributes(format, column, order);
    const auto paths = reading.Paths(state.thread_index(), state.threads());
    const auto keys = reading.Keys(state.thread_index(), state.threads());
    const SdfLayerRefPtr layer = SharedLayer(file);
    uint64_t found = ReadColumn(layer, column, paths);
    for (auto _ : state) found += ReadColumn(layer, column, paths);
    const auto passes = static_cast<uint64_t>(state.iterations()) + 1;
    if (found != ExpectedDigest(column, keys) * passes) {
      return Fail(state, name + ": the layer has other values");
    }
    CountItems(state, paths.size());
  };
  benchmark::RegisterBenchmark(name.c_str(), Checked(run))
      ->UseRealTime()
      ->MinTime(0.05)
      ->Threads(threads)
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

void RegisterValues(const Format& format, const DataFolder& folder, const Readings& readings) {
  // File by file, so that a shared layer is opened once.
  for (const bool is_table : {true, false}) {
    for (const Case& one : kCases) {
      if ((one.column < kTableColumns) == is_table) RegisterCold(one, format, folder, readings);
    }
    for (const Case& one : kCases) {
      if ((one.column < kTableColumns) != is_table) continue;
      RegisterWarm("warm", one, Order::kRows, 1, format, folder, readings);
      RegisterWarm("random", one, Order::kShuffled, 1, format, folder, readings);
      RegisterWarm("warm_2_threads", one, Order::kRows, 2, format, folder, readings);
      RegisterWarm("random_2_threads", one, Order::kShuffled, 2, format, folder, readings);
    }
  }
}

}  // namespace usdparquet_bench
