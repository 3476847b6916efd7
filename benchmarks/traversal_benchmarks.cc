#include "benchmarks.h"
#include "check.h"
#include "digest.h"
#include "layers.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace usdparquet_bench {
namespace {

/// All properties of the table, prim by prim.
class Traversal {
 public:
  Traversal(const Format& format, const Readings& readings) {
    std::vector<TfToken> names;
    for (size_t column = 0; column < kTableColumns; ++column) {
      names.emplace_back(kColumns[column].name);
      const Reading reading = readings.Attributes(format, column, Order::kRows);
      expected_ += ExpectedDigest(column, reading.keys);
    }
    for (const SdfPath& prim : readings.Prims()) {
      for (const TfToken& name : names) paths_.push_back(prim.AppendProperty(name));
    }
  }

  size_t size() const { return paths_.size(); }

  /// Reads every value once. True if all are right.
  bool Pass(const SdfLayerRefPtr& layer) const {
    uint64_t found = 0;
    for (size_t i = 0; i < paths_.size(); ++i) {
      found += ReadColumn(layer, i % kTableColumns, {&paths_[i], 1});
    }
    return found == expected_;
  }

 private:
  std::vector<SdfPath> paths_;
  uint64_t expected_ = 0;
};

/// The time of pass `number`, from 1, over a new layer.
void Register(const char* detail, int number, const Format& format, const DataFolder& folder,
              const Readings& readings) {
  const std::string file = folder.Table(format);
  const auto run = [&readings, format, file, number](benchmark::State& state) {
    const Traversal traversal(format, readings);
    for (auto _ : state) {
      const SdfLayerRefPtr layer = FreshLayer(file);
      bool is_right = true;
      for (int pass = 1; pass < number; ++pass) is_right &= traversal.Pass(layer);
      const auto start = Clock::now();
      is_right &= traversal.Pass(layer);
      state.SetIterationTime(SecondsSince(start));
      if (!is_right) {
        Fail(state, file + ": the layer has other values");
        break;
      }
    }
    CountItems(state, traversal.size());
  };
  benchmark::RegisterBenchmark(BenchmarkName("traversal", detail, format).c_str(), Checked(run))
      ->UseManualTime()
      ->Iterations(1)
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

void RegisterTraversals(const Format& format, const DataFolder& folder, const Readings& readings) {
  Register("first", 1, format, folder, readings);
  Register("second", 2, format, folder, readings);
  Register("third", 3, format, folder, readings);
}

}  // namespace usdparquet_bench
