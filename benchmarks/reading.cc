#include "reading.h"

#include <pxr/base/tf/token.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "plugin/read/path_handle.h"
#include "values.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace usdparquet_bench {

Readings::Readings(const Scene& scene) : scene_(scene) {
  prims_.reserve(static_cast<size_t>(scene.prims));
  for (int64_t row = 0; row < scene.prims; ++row) prims_.emplace_back(scene.PrimPath(row));
  shuffled_rows_.resize(prims_.size());
  std::iota(shuffled_rows_.begin(), shuffled_rows_.end(), 0u);
  std::shuffle(shuffled_rows_.begin(), shuffled_rows_.end(), std::mt19937(42));
}

Reading Readings::Attributes(const Format& format, size_t column, Order order) const {
  const TfToken name(kColumns[column].name);
  const size_t rows =
      column < kTableColumns ? prims_.size() : std::min<size_t>(prims_.size(), kShapePrims);
  Reading reading;
  reading.paths.reserve(rows);
  reading.keys.reserve(rows);
  for (size_t i = 0; i < prims_.size(); ++i) {
    const size_t row = order == Order::kRows ? i : shuffled_rows_[i];
    if (row >= rows) continue;
    reading.paths.push_back(prims_[row].AppendProperty(name));
    reading.keys.push_back(format.IsFloor() ? UsdParquetPathHandles(prims_[row]).prim : row);
  }
  return reading;
}

}  // namespace usdparquet_bench
