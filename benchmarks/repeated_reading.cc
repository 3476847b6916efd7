#include "repeated_reading.h"

#include <sys/resource.h>

#include <functional>
#include <stdexcept>

#include "children.h"
#include "digest.h"
#include "layers.h"
#include "reading.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace usdparquet_bench {
namespace {

/// A pass over a layer, and what it has to return.
struct Pass {
  std::function<uint64_t(const SdfLayerRefPtr&)> read;
  uint64_t expected;
};

size_t ColumnOfKind(const std::string& kind) {
  if (kind == "double") return kCost;
  if (kind == "int") return kLifespan;
  if (kind == "bool") return kIsActive;
  if (kind == "string") return kSupplier;
  throw std::invalid_argument("--kind is double, int, bool, string, touch or children, not '" +
                              kind + "'");
}

Pass ColumnPass(const Readings& readings, const Format& format, size_t column) {
  Reading reading = readings.Attributes(format, column, Order::kRows);
  const uint64_t expected = ExpectedDigest(column, reading.keys);
  return {[column, paths = std::move(reading.paths)](const SdfLayerRefPtr& layer) {
            return ReadColumn(layer, column, paths);
          },
          expected};
}

/// All properties of the prim in the middle.
Pass TouchPass(const Readings& readings, const Format& format) {
  std::vector<SdfPath> paths;
  uint64_t expected = 0;
  for (size_t column = 0; column < kTableColumns; ++column) {
    const Reading reading = readings.Attributes(format, column, Order::kRows);
    const size_t middle = reading.paths.size() / 2;
    paths.push_back(reading.paths[middle]);
    expected += ExpectedDigest(column, {&reading.keys[middle], 1});
  }
  return {[paths = std::move(paths)](const SdfLayerRefPtr& layer) {
            uint64_t found = 0;
            for (size_t column = 0; column < paths.size(); ++column) {
              found += ReadColumn(layer, column, {&paths[column], 1});
            }
            return found;
          },
          expected};
}

Pass ChildrenPass(const Scene& scene, const Readings& readings) {
  Children children = ExpectedChildren(scene, readings.Prims());
  return {[parents = std::move(children.parents)](const SdfLayerRefPtr& layer) {
            return HashNames(*layer, parents, SdfChildrenKeys->PrimChildren);
          },
          children.hash};
}

Pass PassOf(const std::string& kind, const DataFolder& folder, const Readings& readings,
            const Format& format) {
  if (kind == "touch") return TouchPass(readings, format);
  if (kind == "children") return ChildrenPass(folder.scene(), readings);
  return ColumnPass(readings, format, ColumnOfKind(kind));
}

int64_t PageFaults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

/// Not inlined: callgrind is told by this name what to count.
[[gnu::noinline]] uint64_t MeasuredPass(const Pass& pass, const SdfLayerRefPtr& layer) {
  return pass.read(layer);
}

}  // namespace

int64_t ReadRepeatedly(const DataFolder& folder, const Format& format,
                       const RepeatedReading& reading) {
  const Readings readings(folder.scene());
  const Pass pass = PassOf(reading.kind, folder, readings, format);
  const std::string file = folder.Table(format);
  SdfLayerRefPtr layer = FreshLayer(file);
  int64_t faults = 0;
  for (int64_t i = 0; i < reading.passes; ++i) {
    if (reading.is_fresh && i > 0) {
      layer.Reset();
      layer = FreshLayer(file);
    }
    const int64_t before = PageFaults();
    const uint64_t found = MeasuredPass(pass, layer);
    faults += PageFaults() - before;
    if (found != pass.expected) throw std::runtime_error(file + ": the layer has other values");
  }
  return faults;
}

}  // namespace usdparquet_bench
