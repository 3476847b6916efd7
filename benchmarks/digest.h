#pragma once

/// \file
/// The loops that read values, and what they have to find.

#include <pxr/pxr.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/schema.h>

#include <span>

#include "usd_values.h"

namespace usdparquet_bench {

/// Reads the default value of every path, and adds up the digests.
template <typename T>
uint64_t LayerDigest(const PXR_NS::SdfLayerRefPtr& layer, std::span<const PXR_NS::SdfPath> paths) {
  const PXR_NS::TfToken& field = PXR_NS::SdfFieldKeys->Default;
  const PXR_NS::SdfLayer& direct = *layer;
  uint64_t sum = 0;
  T value{};
  for (const PXR_NS::SdfPath& path : paths) {
    if (direct.HasField(path, field, &value)) sum += Digest(value);
  }
  return sum;
}

/// Reads every path in the type of the column, and adds up the digests.
inline uint64_t ReadColumn(const PXR_NS::SdfLayerRefPtr& layer, size_t column,
                           std::span<const PXR_NS::SdfPath> paths) {
  switch (kColumns[column].kind) {
    case Kind::kDouble:
      return LayerDigest<double>(layer, paths);
    case Kind::kInt:
      return LayerDigest<int>(layer, paths);
    case Kind::kBool:
      return LayerDigest<bool>(layer, paths);
    case Kind::kString:
      return LayerDigest<std::string>(layer, paths);
    case Kind::kFloat3:
      return LayerDigest<PXR_NS::GfVec3f>(layer, paths);
    case Kind::kFloatArray:
      return LayerDigest<PXR_NS::VtArray<float>>(layer, paths);
  }
  return 0;
}

/// What ReadColumn finds if all is right.
inline uint64_t ExpectedDigest(size_t column, std::span<const uint64_t> keys) {
  uint64_t sum = 0;
  for (const uint64_t key : keys) {
    WithValue(key, column, [&](auto&& value) { sum += Digest(value); });
  }
  return sum;
}

}  // namespace usdparquet_bench
