// color_reads LAYER PROPERTY PRIMS PASSES
//
// Reads a property of so many prims, from /World/P_0 on, in order, once and then PASSES times more,
// as an array of GfVec3f through SdfLayer::HasField. Prints the nanoseconds a value of the passes,
// each on a line. colors.py runs it.

#include <pxr/base/gf/vec3f.h>
#include <pxr/base/tf/token.h>
#include <pxr/base/vt/array.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/path.h>
#include <pxr/usd/sdf/schema.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

PXR_NAMESPACE_USING_DIRECTIVE

namespace {

/// How many of the paths have one value, whose components are not all 0.
size_t ReadAll(const SdfLayerRefPtr& layer, const std::vector<SdfPath>& paths) {
  const TfToken field = SdfFieldKeys->Default;
  size_t found = 0;
  for (const SdfPath& path : paths) {
    VtVec3fArray value;
    if (!layer->HasField(path, field, &value) || value.size() != 1) continue;
    found += value.cdata()[0] != GfVec3f(0);
  }
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: color_reads LAYER PROPERTY PRIMS PASSES" << std::endl;
    return 2;
  }
  const SdfLayerRefPtr layer = SdfLayer::FindOrOpen(argv[1]);
  if (!layer) return 1;
  const auto prims = static_cast<size_t>(std::atoll(argv[3]));
  std::vector<SdfPath> paths;
  for (size_t i = 0; i < prims; ++i) {
    const SdfPath prim("/World/P_" + std::to_string(i));
    paths.push_back(prim.AppendProperty(TfToken(argv[2])));
  }
  bool has_all = ReadAll(layer, paths) == prims;
  for (int pass = 0; pass < std::atoi(argv[4]); ++pass) {
    const auto start = std::chrono::steady_clock::now();
    has_all &= ReadAll(layer, paths) == prims;
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
    std::cout << taken.count() / static_cast<double>(prims) << "\n";
  }
  if (!has_all) std::cerr << argv[1] << ": a value is missing" << std::endl;
  return has_all ? 0 : 1;
}
