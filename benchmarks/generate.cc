#include "generate.h"

#include <fstream>
#include <functional>
#include <iostream>

#include "parquet_files.h"
#include "usd_files.h"
#include "values.h"

namespace usdparquet_bench {
namespace {

/// Calls `write` with a file name of the same extension, then gives the file its name.
void WriteOnce(const std::string& file, const std::function<void(const std::string&)>& write) {
  const std::filesystem::path target(file);
  if (std::filesystem::exists(target)) return;
  std::cout << "writing " << file << std::endl;
  const auto unfinished = target.parent_path() / ("unfinished_" + target.filename().string());
  std::filesystem::remove(unfinished);
  write(unfinished.string());
  std::filesystem::rename(unfinished, target);
}

void WriteFloor(const std::string& file, const Scene& scene, size_t first_column) {
  std::ofstream(file) << scene.HierarchyName() << " " << scene.prims << " " << first_column << "\n";
}

void WriteProperties(const std::string& target, const Format& format, const Scene& scene,
                     size_t first_column, size_t column_count) {
  WriteOnce(target, [&](const std::string& file) {
    if (format.origin == Origin::kUsdc) WriteUsdc(file, scene, first_column, column_count);
    if (format.origin == Origin::kFloor) WriteFloor(file, scene, first_column);
    if (format.origin == Origin::kParquet) {
      WriteParquet(file, scene, first_column, column_count, format.codec);
    }
  });
}

void WriteScenes(const DataFolder& folder, const Format& format) {
  WriteProperties(folder.WarmUp(format), format, folder.WarmUpScene(), 0, kTableColumns);
  WriteProperties(folder.Shapes(format), format, folder.ShapeScene(), kTableColumns,
                  kColumns.size() - kTableColumns);
  WriteProperties(folder.Table(format), format, folder.TableScene(), 0, kTableColumns);
}

void WriteSamples(const std::string& target, const Format& format, const Scene& scene) {
  WriteOnce(target, [&](const std::string& file) {
    if (format.origin == Origin::kUsdc) WriteSamplesUsdc(file, scene);
    if (format.origin == Origin::kParquet) WriteLongParquet(file, scene, format.codec);
  });
}

/// The files of one format that Sdf or Arrow writes.
void WriteAll(const DataFolder& folder, const Format& format) {
  WriteScenes(folder, format);
  if (format.origin == Origin::kFloor) return;
  WriteSamples(folder.PlaybackWarmUp(format), format, folder.WarmUpScene());
  WriteSamples(folder.Playback(format), format, folder.PlaybackScene());
}

}  // namespace

void Generate(const DataFolder& folder, const std::vector<Format>& formats) {
  folder.Prepare();
  WriteOnce(folder.Base(), [&](const std::string& file) { WriteBase(file, folder.scene()); });
  WriteStage(folder.Stage(nullptr), {folder.Base()});
  for (const Format& format : formats) {
    if (format.name == std::string("parquet_none")) WriteOnce(folder.Wide(format), WriteWide);
    WriteStage(folder.Stage(&format), {folder.Table(format), folder.Base()});
    const bool is_optimized = format.origin == Origin::kOptimized;
    WriteAll(folder, is_optimized ? *FindFormat(std::string("parquet_") + format.codec) : format);
  }
}

}  // namespace usdparquet_bench
