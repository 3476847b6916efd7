#pragma once

/// \file
/// The benchmark's scenes: how many prims there are and what they are called. Knows no OpenUSD.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace usdparquet_bench {

/// One depth of the namespace below /World.
struct Level {
  const char* name;
  int64_t rows_per_prim;
};

enum class Hierarchy { kFlat, kDeep };

/// Row `r` of the table is the r-th prim of the last level: /World/Prim_r, or
/// /World/Zone_z/Level_l/Room_r/Component_c with ten of each below the one above.
struct Scene {
  int64_t prims = 100'000;
  Hierarchy hierarchy = Hierarchy::kFlat;

  std::span<const Level> Levels() const;
  const char* HierarchyName() const { return hierarchy == Hierarchy::kFlat ? "flat" : "deep"; }

  /// The path of the prim of a row.
  std::string PrimPath(int64_t row) const;

  /// How many prims one level has; level 0 is below /World.
  int64_t PrimsAt(size_t level) const;

  /// The names of the children of the `ordinal`-th prim that is `level` levels below /World
  /// (0, 0 is /World itself). Empty for the prims of rows.
  std::vector<std::string> ChildNames(size_t level, int64_t ordinal) const;

  /// The paths of all prims that have children.
  std::vector<std::string> InnerPaths() const;
};

/// REQUIRES: `name` is "flat" or "deep"; throws std::invalid_argument otherwise.
Hierarchy ParseHierarchy(const std::string& name);

}  // namespace usdparquet_bench
