#pragma once

/// \file
/// The names of children that a layer lists, and those that it has to list.

#include <pxr/pxr.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/path.h>

#include <cstdint>
#include <vector>

#include "scene.h"

namespace usdparquet_bench {

/// The prims with children, and the number of all children and the sum of the hashes of their
/// names, from the paths alone.
struct Children {
  std::vector<PXR_NS::SdfPath> parents;
  size_t count = 0;
  uint64_t hash = 0;
};

/// Those of the scene, whose rows have the paths `prims`.
Children ExpectedChildren(const Scene& scene, const std::vector<PXR_NS::SdfPath>& prims);

/// Adds up the hashes of the names in the lists of children that the paths have in `field`: the
/// order does not matter.
uint64_t HashNames(const PXR_NS::SdfLayer& layer, const std::vector<PXR_NS::SdfPath>& paths,
                   const PXR_NS::TfToken& field);

}  // namespace usdparquet_bench
