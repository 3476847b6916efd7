#include "formats.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "values.h"

namespace usdparquet_bench {
namespace {

/// Counted up whenever the files of the same scene become different ones.
constexpr int kVersion = 1;
constexpr char kMarkerFormat[] = R"({"version": %d, "prims": %lld, "hierarchy": "%15[a-z]")";

std::string ReadText(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

DataFolder DataFolder::Open(const std::filesystem::path& folder) {
  const DataFolder unknown(std::filesystem::absolute(folder), {});
  int version = 0;
  long long prims = 0;
  char hierarchy[16] = {};
  const std::string marker = ReadText(unknown.MarkerFile());
  if (std::sscanf(marker.c_str(), kMarkerFormat, &version, &prims, hierarchy) != 3 ||
      version != kVersion) {
    throw std::runtime_error(folder.string() + " has no files of this program; make them with " +
                             "--generate " + folder.string());
  }
  return {unknown.folder_, {prims, ParseHierarchy(hierarchy)}};
}

void DataFolder::Prepare() const {
  std::filesystem::create_directories(folder_);
  if (ReadText(MarkerFile()) == Marker()) return;
  for (const Format& format : kFormats) {
    for (const std::string& file : {Table(format), Shapes(format), WarmUp(format), Wide(format),
                                    Stage(&format), Playback(format), PlaybackWarmUp(format)}) {
      std::filesystem::remove(file);
    }
  }
  std::filesystem::remove(Base());
  std::filesystem::remove(Stage(nullptr));
  std::ofstream(MarkerFile()) << Marker();
}

std::string DataFolder::Stage(const Format* format) const {
  const std::string name = format ? format->name : "bare";
  return (folder_ / ("stage_" + name + ".usda")).string();
}

bool DataFolder::Has(const Format& format) const {
  for (const std::string& file : {Table(format), Shapes(format), WarmUp(format)}) {
    if (!std::filesystem::exists(file)) return false;
  }
  return true;
}

bool DataFolder::HasPlayback(const Format& format) const {
  return std::filesystem::exists(Playback(format)) &&
         std::filesystem::exists(PlaybackWarmUp(format));
}

std::string DataFolder::File(const char* content, const Format& format) const {
  return (folder_ / (std::string(content) + "_" + format.name + "." + format.extension)).string();
}

std::string DataFolder::Marker() const {
  char text[512];
  const int64_t last = scene_.prims - 1;
  std::snprintf(text, sizeof(text),
                R"({"version": %d, "prims": %lld, "hierarchy": "%s", )"
                R"("last_prim": "%s", "last_cost": %.17g})",
                kVersion, static_cast<long long>(scene_.prims), scene_.HierarchyName(),
                scene_.PrimPath(last).c_str(), DoubleValue(static_cast<uint64_t>(last), kCost));
  return std::string(text) + "\n";
}

}  // namespace usdparquet_bench
