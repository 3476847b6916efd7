#include <pxr/base/tf/token.h>
#include <pxr/usd/sdf/schema.h>

#include <string>
#include <vector>

#include "benchmarks.h"
#include "check.h"
#include "layers.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace usdparquet_bench {
namespace {

// As in generate.py.
constexpr uint64_t kSets = 25;
constexpr uint64_t kSetSize = 20;
uint64_t SetOfRow(uint64_t row) { return (row * 2654435761u % (uint64_t{1} << 32) >> 16) % kSets; }

/// The prims of the table, and what a pass over their property lists adds up.
struct Input {
  std::vector<SdfPath> paths;
  std::vector<TfToken> names;  // kept: a token that nobody holds has another hash when made again
  uint64_t expected = 0;
};

Input MakeInput(int64_t prims) {
  Input input;
  std::vector<uint64_t> sums(kSets);
  for (uint64_t set = 0; set < kSets; ++set) {
    for (uint64_t i = 0; i < kSetSize; ++i) {
      const std::string name = "set_" + std::to_string(set) + ":value_" + std::to_string(i);
      sums[set] += input.names.emplace_back(name).Hash();
    }
  }
  const SdfPath world("/World");
  for (uint64_t row = 0; row < static_cast<uint64_t>(prims); ++row) {
    input.paths.push_back(world.AppendChild(TfToken("P_" + std::to_string(row))));
    input.expected += sums[SetOfRow(row)];
  }
  return input;
}

/// One pass over all property lists.
uint64_t HashProperties(const SdfLayer& layer, const Input& input) {
  uint64_t sum = 0;
  TfTokenVector names;
  for (const SdfPath& path : input.paths) {
    if (!layer.HasField(path, SdfChildrenKeys->PropertyChildren, &names)) continue;
    for (const TfToken& name : names) sum += name.Hash();
  }
  return sum;
}

void Check(benchmark::State& state, const std::string& path, const Input& input, uint64_t found) {
  if (found != input.expected) Fail(state, path + ": the property lists are others");
}

void Open(const std::string& path, const std::string& warm_up, benchmark::State& state) {
  FreshLayer(warm_up);  // loading the plugin is no part of opening a layer
  for (auto _ : state) {
    double seconds = 0;
    FreshLayer(path, &seconds);
    state.SetIterationTime(seconds);
  }
  CountItems(state, 1);
}

void ListFirst(const std::string& path, const Input& input, benchmark::State& state) {
  for (auto _ : state) {
    Settle();
    const SdfLayerRefPtr layer = FreshLayer(path);
    const auto start = Clock::now();
    const uint64_t found = HashProperties(*layer, input);
    state.SetIterationTime(SecondsSince(start));
    Check(state, path, input, found);
  }
  CountItems(state, input.paths.size());
}

void ListAgain(const std::string& path, const Input& input, benchmark::State& state) {
  const SdfLayerRefPtr layer = SharedLayer(path);
  for (int pass = 0; pass < 2; ++pass) HashProperties(*layer, input);  // not timed: warms up
  for (auto _ : state) {
    const auto start = Clock::now();
    const uint64_t found = HashProperties(*layer, input);
    state.SetIterationTime(SecondsSince(start));
    Check(state, path, input, found);
  }
  CountItems(state, input.paths.size());
}

}  // namespace

void RegisterSparse(const Format& format, const DataFolder& folder) {
  const std::string path = folder.Sparse(format);
  const std::string warm_up = folder.WarmUp(format);
  const int64_t prims = folder.SparseScene().prims;
  const auto add = [&](const char* detail, int iterations, auto run) {
    benchmark::RegisterBenchmark(BenchmarkName("sparse", detail, format).c_str(), Checked(run))
        ->UseManualTime()
        ->Iterations(iterations)
        ->Unit(benchmark::kMillisecond);
  };
  add("open", 2, [path, warm_up](benchmark::State& state) { Open(path, warm_up, state); });
  add("lists_first", 2,
      [path, prims](benchmark::State& state) { ListFirst(path, MakeInput(prims), state); });
  add("lists_again", 5,
      [path, prims](benchmark::State& state) { ListAgain(path, MakeInput(prims), state); });
}

}  // namespace usdparquet_bench
