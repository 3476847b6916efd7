#include "formats.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace usdparquet_bench {
namespace {

/// VERSION of generate.py.
constexpr int kVersion = 2;
constexpr char kMarkerFormat[] = R"({"version": %d, "prims": %lld, "hierarchy": "%15[a-z]")";
constexpr char kTablePrefix[] = "table_";

}  // namespace

DataFolder DataFolder::Open(const std::filesystem::path& folder) {
  std::ifstream in(folder / "scene.json");
  const std::string marker{std::istreambuf_iterator<char>(in), {}};
  int version = 0;
  long long prims = 0;
  char hierarchy[16] = {};
  if (std::sscanf(marker.c_str(), kMarkerFormat, &version, &prims, hierarchy) != 3 ||
      version != kVersion) {
    throw std::runtime_error(folder.string() + " has no files for this program; make them with " +
                             "generate.py " + folder.string());
  }
  return {std::filesystem::absolute(folder), {prims, ParseHierarchy(hierarchy)}};
}

std::vector<Format> DataFolder::Formats() const {
  std::vector<Format> formats;
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    const std::string stem = file.path().stem().string();
    if (!stem.starts_with(kTablePrefix)) continue;
    const std::string extension = file.path().extension().string();
    formats.push_back({stem.substr(sizeof(kTablePrefix) - 1), extension.substr(1)});
  }
  std::ranges::sort(formats, {}, &Format::name);
  return formats;
}

Format DataFolder::FindFormat(const std::string& name) const {
  for (const Format& format : Formats()) {
    if (format.name == name) return format;
  }
  throw std::invalid_argument(folder_.string() + " has no table of a format '" + name + "'");
}

}  // namespace usdparquet_bench
