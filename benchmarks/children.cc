#include "children.h"

#include <pxr/base/tf/token.h>

PXR_NAMESPACE_USING_DIRECTIVE

namespace usdparquet_bench {

Children ExpectedChildren(const Scene& scene, const std::vector<SdfPath>& prims) {
  Children children;
  for (const std::string& path : scene.InnerPaths()) children.parents.emplace_back(path);
  for (const std::vector<SdfPath>& list : {children.parents, prims}) {
    for (const SdfPath& path : list) {
      if (path.GetPathElementCount() < 2) continue;  // /World is nobody's child here
      children.hash += path.GetNameToken().Hash();
      ++children.count;
    }
  }
  return children;
}

uint64_t HashNames(const SdfLayer& layer, const std::vector<SdfPath>& paths, const TfToken& field) {
  uint64_t sum = 0;
  TfTokenVector names;
  for (const SdfPath& path : paths) {
    if (!layer.HasField(path, field, &names)) continue;
    for (const TfToken& name : names) sum += name.Hash();
  }
  return sum;
}

}  // namespace usdparquet_bench
