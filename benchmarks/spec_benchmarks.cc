#include <pxr/base/tf/token.h>
#include <pxr/usd/sdf/schema.h>

#include <functional>

#include "benchmarks.h"
#include "check.h"
#include "children.h"
#include "layers.h"
#include "values.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace usdparquet_bench {
namespace {

using Paths = std::vector<SdfPath>;
/// One pass over the paths; returns what it counted.
using Pass = uint64_t (*)(const SdfLayer&, const Paths&);

uint64_t CountSpecs(const SdfLayer& layer, const Paths& paths) {
  uint64_t count = 0;
  for (const SdfPath& path : paths) count += layer.HasSpec(path);
  return count;
}

uint64_t CountTimeSampleFields(const SdfLayer& layer, const Paths& paths) {
  uint64_t count = 0;
  for (const SdfPath& path : paths) count += layer.HasField(path, SdfFieldKeys->TimeSamples);
  return count;
}

uint64_t HashChildren(const SdfLayer& layer, const Paths& paths) {
  return HashNames(layer, paths, SdfChildrenKeys->PrimChildren);
}

uint64_t HashProperties(const SdfLayer& layer, const Paths& paths) {
  return HashNames(layer, paths, SdfChildrenKeys->PropertyChildren);
}

uint64_t ExpectedProperties(size_t prims) {
  uint64_t sum = 0;
  for (size_t column = 0; column < kTableColumns; ++column) {
    sum += TfToken(kColumns[column].name).Hash();
  }
  return sum * prims;
}

/// The paths of a benchmark, and what it must find.
struct Input {
  Paths paths;
  size_t items;
  uint64_t expected;
};

void Register(const std::string& name, const std::string& file, Pass pass,
              std::function<Input()> make_input) {
  const auto run = [name, file, pass, make_input = std::move(make_input)](benchmark::State& state) {
    const SdfLayerRefPtr layer = SharedLayer(file);
    const Input input = make_input();
    uint64_t found = pass(*layer, input.paths);  // not timed: warms up
    for (auto _ : state) found += pass(*layer, input.paths);
    if (found != input.expected * (static_cast<uint64_t>(state.iterations()) + 1)) {
      return Fail(state, name + ": the layer has other answers");
    }
    CountItems(state, input.items);
  };
  benchmark::RegisterBenchmark(name.c_str(), Checked(run))
      ->UseRealTime()
      ->MinTime(0.05)
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

void RegisterSpecs(const Format& format, const DataFolder& folder, const Readings& readings) {
  const std::string file = folder.Table(format);
  const auto attributes = [&readings, format] {
    return readings.Attributes(format, kCost, Order::kRows).paths;
  };
  Register(BenchmarkName("has_spec", "prim", format), file, CountSpecs, [&readings] {
    return Input{readings.Prims(), readings.Prims().size(), readings.Prims().size()};
  });
  Register(BenchmarkName("has_spec", "attribute", format), file, CountSpecs, [attributes] {
    const Paths paths = attributes();
    return Input{paths, paths.size(), paths.size()};
  });
  Register(BenchmarkName("has_field", "absent", format), file, CountTimeSampleFields, [attributes] {
    const Paths paths = attributes();
    return Input{paths, paths.size(), 0};
  });
  Register(BenchmarkName("children", "a_name", format), file, HashChildren, [&folder, &readings] {
    const Children children = ExpectedChildren(folder.scene(), readings.Prims());
    return Input{children.parents, children.count, children.hash};
  });
  Register(BenchmarkName("properties", "a_prim", format), file, HashProperties, [&readings] {
    const size_t prims = readings.Prims().size();
    return Input{readings.Prims(), prims, ExpectedProperties(prims)};
  });
}

}  // namespace usdparquet_bench
