#include "scene.h"

#include <algorithm>
#include <stdexcept>

namespace usdparquet_bench {
namespace {

constexpr Level kFlat[] = {{"Prim", 1}};
constexpr Level kDeep[] = {{"Zone", 1000}, {"Level", 100}, {"Room", 10}, {"Component", 1}};

/// How many prims of `level` are below one of the level above.
int64_t FanOut(std::span<const Level> levels, size_t level) {
  return levels[level - 1].rows_per_prim / levels[level].rows_per_prim;
}

std::string PrimName(std::span<const Level> levels, size_t level, int64_t ordinal) {
  const int64_t number = level == 0 ? ordinal : ordinal % FanOut(levels, level);
  return std::string(levels[level].name) + "_" + std::to_string(number);
}

}  // namespace

std::span<const Level> Scene::Levels() const {
  return hierarchy == Hierarchy::kFlat ? std::span<const Level>(kFlat) : kDeep;
}

std::string Scene::PrimPath(int64_t row) const {
  std::string path = "/World";
  const auto levels = Levels();
  for (size_t level = 0; level < levels.size(); ++level) {
    path += "/" + PrimName(levels, level, row / levels[level].rows_per_prim);
  }
  return path;
}

int64_t Scene::PrimsAt(size_t level) const {
  const int64_t rows_per_prim = Levels()[level].rows_per_prim;
  return (prims + rows_per_prim - 1) / rows_per_prim;
}

std::vector<std::string> Scene::ChildNames(size_t level, int64_t ordinal) const {
  const auto levels = Levels();
  std::vector<std::string> names;
  if (level >= levels.size()) return names;
  const int64_t fan_out = level == 0 ? PrimsAt(0) : FanOut(levels, level);
  const int64_t end = std::min((ordinal + 1) * fan_out, PrimsAt(level));
  for (int64_t child = ordinal * fan_out; child < end; ++child) {
    names.push_back(PrimName(levels, level, child));
  }
  return names;
}

std::vector<std::string> Scene::InnerPaths() const {
  std::vector<std::string> paths = {"/World"};
  size_t begin = 0;
  for (size_t level = 0; level + 1 < Levels().size(); ++level) {
    const size_t end = paths.size();
    for (size_t parent = begin; parent < end; ++parent) {
      for (const std::string& name : ChildNames(level, static_cast<int64_t>(parent - begin))) {
        paths.push_back(paths[parent] + "/" + name);
      }
    }
    begin = end;
  }
  return paths;
}

Hierarchy ParseHierarchy(const std::string& name) {
  if (name == "flat") return Hierarchy::kFlat;
  if (name == "deep") return Hierarchy::kDeep;
  throw std::invalid_argument("the hierarchy is flat or deep, not '" + name + "'");
}

}  // namespace usdparquet_bench
