#include "repeated_reading.h"

#include <stdexcept>

#include "digest.h"
#include "layers.h"
#include "reading.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace usdparquet_bench {

size_t ColumnOfKind(const std::string& kind) {
  if (kind == "double") return kCost;
  if (kind == "int") return kLifespan;
  if (kind == "bool") return kIsActive;
  if (kind == "string") return kSupplier;
  throw std::invalid_argument("--kind is double, int, bool or string, not '" + kind + "'");
}

void ReadRepeatedly(const DataFolder& folder, const Format& format, size_t column, int64_t passes) {
  const Readings readings(folder.scene());
  const Reading reading = readings.Attributes(format, column, Order::kRows);
  const std::string file = folder.Table(format);
  const SdfLayerRefPtr layer = FreshLayer(file);
  uint64_t found = 0;
  for (int64_t pass = 0; pass < passes; ++pass) found += ReadColumn(layer, column, reading.paths);
  if (found != ExpectedDigest(column, reading.keys) * static_cast<uint64_t>(passes)) {
    throw std::runtime_error(file + ": the layer has other values");
  }
}

}  // namespace usdparquet_bench
