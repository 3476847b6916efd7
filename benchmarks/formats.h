#pragma once

/// \file
/// The file formats that are compared, and the files of a data folder. generate.py writes them.

#include <filesystem>
#include <string>
#include <vector>

#include "scene.h"

namespace usdparquet_bench {

struct Format {
  std::string name;
  std::string extension;

  bool IsUsdc() const { return extension == "usdc"; }
  /// Whether the layer computes its answers (floor/).
  bool IsFloor() const { return extension == "benchfloor"; }
  /// Whether its rows have ids, which are joined with prims when it is opened.
  bool IsJoined() const { return name.starts_with("joined"); }
};

/// The prims that a folder's small files have.
inline constexpr int64_t kShapePrims = 10'000;
inline constexpr int64_t kWarmUpPrims = 4;
inline constexpr int64_t kPlaybackPrims = 10'000;
inline constexpr int64_t kSparsePrims = 100'000;

/// A folder of files of one scene. Each format has three: `table` with the 20 properties of every
/// prim, `shapes` with float3s and arrays of the first 10,000, and `warmup`, a table of four prims.
/// All but the floor, the joined and the shuffled ones have two more, with time samples of the
/// first 10,000 and of four prims: `playback` and `playback_warmup`.
class DataFolder {
 public:
  /// The folder as its marker describes it; throws std::runtime_error if there is none or
  /// another version of generate.py wrote it.
  static DataFolder Open(const std::filesystem::path& folder);

  /// The formats that have a table, sorted by name.
  std::vector<Format> Formats() const;
  /// The format with that name; throws std::invalid_argument if it has no table.
  Format FindFormat(const std::string& name) const;

  std::string Path() const { return folder_.string(); }
  const Scene& scene() const { return scene_; }
  Scene WarmUpScene() const { return First(kWarmUpPrims); }
  Scene PlaybackScene() const { return First(kPlaybackPrims); }

  std::string Table(const Format& format) const { return File("table", format); }
  std::string Shapes(const Format& format) const { return File("shapes", format); }
  std::string WarmUp(const Format& format) const { return File("warmup", format); }
  /// A file of many columns and row groups; one plain format alone has it.
  std::string Wide(const Format& format) const { return File("wide", format); }
  /// A table of many columns, of which each prim has few; some formats have it.
  std::string Sparse(const Format& format) const { return File("sparse", format); }
  Scene SparseScene() const { return First(kSparsePrims); }
  std::string Playback(const Format& format) const { return File("playback", format); }
  std::string PlaybackWarmUp(const Format& format) const { return File("playback_warmup", format); }

 private:
  DataFolder(std::filesystem::path folder, Scene scene)
      : folder_(std::move(folder)), scene_(scene) {}

  Scene First(int64_t prims) const {
    return {prims < scene_.prims ? prims : scene_.prims, scene_.hierarchy};
  }
  std::string File(const std::string& content, const Format& format) const {
    const std::string file = content + "_" + format.name + "." + format.extension;
    const std::string arguments =
        format.IsJoined() ? ":SDF_FORMAT_ARGS:ids=ids_" + content + ".parquet&key=key" : "";
    return (folder_ / file).string() + arguments;
  }

  std::filesystem::path folder_;
  Scene scene_;
};

}  // namespace usdparquet_bench
