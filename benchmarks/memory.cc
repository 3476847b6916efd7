#include "memory.h"

#include <pxr/base/tf/token.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "digest.h"
#include "layers.h"
#include "reading.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace usdparquet_bench {
namespace {

constexpr char kJson[] = R"({"format": "%s", "anonymous_mb": %.3f, "resident_mb": %.3f})";

}  // namespace

LayerMemory ProcessMemory() {
  LayerMemory memory;
  std::ifstream in("/proc/self/smaps_rollup");
  for (std::string line; std::getline(in, line);) {
    long long kilobytes = 0;
    if (std::sscanf(line.c_str(), "Anonymous: %lld", &kilobytes) == 1) {
      memory.anonymous_mb = static_cast<double>(kilobytes) * 1024e-6;
    } else if (std::sscanf(line.c_str(), "Rss: %lld", &kilobytes) == 1) {
      memory.resident_mb = static_cast<double>(kilobytes) * 1024e-6;
    }
  }
  if (memory.resident_mb == 0) throw std::runtime_error("/proc/self/smaps_rollup can't be read");
  return memory;
}

namespace {

std::vector<size_t> ColumnsToRead(int count) {
  if (count == static_cast<int>(kSixColumns.size()))
    return {kSixColumns.begin(), kSixColumns.end()};
  std::vector<size_t> all(count == 0 ? 0 : kTableColumns);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// Reads prim by prim, as traversals do. True if all values are right.
bool ReadPrims(const SdfLayerRefPtr& layer, const Readings& readings, const Format& format,
               const std::vector<size_t>& columns) {
  if (columns.empty()) return true;
  const Reading keys = readings.Attributes(format, kCost, Order::kRows);
  std::vector<TfToken> names;
  for (const size_t column : columns) names.emplace_back(kColumns[column].name);
  uint64_t found = 0;
  uint64_t expected = 0;
  for (size_t row = 0; row < keys.keys.size(); ++row) {
    for (size_t i = 0; i < columns.size(); ++i) {
      const SdfPath path = readings.Prims()[row].AppendProperty(names[i]);
      found += ReadColumn(layer, columns[i], {&path, 1});
      expected += ExpectedDigest(columns[i], {&keys.keys[row], 1});
    }
  }
  return found == expected;
}

}  // namespace

LayerMemory MeasureMemory(const DataFolder& folder, const Format& format, int columns) {
  const Readings readings(folder.scene());
  const std::vector<size_t> columns_to_read = ColumnsToRead(columns);
  {
    // Loads the plugin and makes what every process makes once.
    const SdfLayerRefPtr warm_up = FreshLayer(folder.WarmUp(format));
    const Readings few(folder.WarmUpScene());
    if (!ReadPrims(warm_up, few, format, columns_to_read)) {
      throw std::runtime_error(folder.WarmUp(format) + ": the layer has other values");
    }
  }
  Settle();
  const LayerMemory before = ProcessMemory();
  const SdfLayerRefPtr layer = FreshLayer(folder.Table(format));
  if (!ReadPrims(layer, readings, format, columns_to_read)) {
    throw std::runtime_error(folder.Table(format) + ": the layer has other values");
  }
  const LayerMemory after = ProcessMemory();
  return {after.anonymous_mb - before.anonymous_mb, after.resident_mb - before.resident_mb};
}

LayerMemory MeasureMemoryElsewhere(const std::string& folder, const Format& format,
                                   const std::string& arguments, int budget_mb) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string budget =
      budget_mb > 0 ? "USDPARQUET_CACHE_MB=" + std::to_string(budget_mb) + " " : "";
  const std::string command = budget + "'" + program + "' --memory=" + format.name + " --data='" +
                              folder + "' " + arguments;
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("can't start " + command);
  std::array<char, 512> line{};
  const bool has_line = std::fgets(line.data(), static_cast<int>(line.size()), pipe) != nullptr;
  const int status = pclose(pipe);
  const char* const figures = std::strstr(line.data(), "\"anonymous_mb\"");
  LayerMemory memory;
  if (!has_line || status != 0 || !figures ||
      std::sscanf(figures, R"("anonymous_mb": %lf, "resident_mb": %lf)", &memory.anonymous_mb,
                  &memory.resident_mb) != 2) {
    throw std::runtime_error("failed: " + command);
  }
  return memory;
}

std::string ToJson(const LayerMemory& memory, const Format& format) {
  std::array<char, 512> line{};
  std::snprintf(line.data(), line.size(), kJson, format.name.c_str(), memory.anonymous_mb,
                memory.resident_mb);
  return line.data();
}

}  // namespace usdparquet_bench
