#pragma once

/// \file
/// The file formats that are compared, and the files of a data folder.

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "scene.h"

namespace usdparquet_bench {

/// How the files of a format come to be.
enum class Origin {
  kUsdc,       ///< written through Sdf
  kParquet,    ///< written with Arrow's writer, its defaults
  kOptimized,  ///< made by `usdparquet optimize` from the plain file (see the Makefile)
  kFloor,      ///< a line of text; the format computes its answers
};

struct Format {
  const char* name;
  const char* extension;
  Origin origin;
  const char* codec = "";
};

inline constexpr std::array<Format, 7> kFormats = {{
    {"usdc", "usdc", Origin::kUsdc},
    {"parquet_none", "parquet", Origin::kParquet, "none"},
    {"parquet_snappy", "parquet", Origin::kParquet, "snappy"},
    {"parquet_zstd", "parquet", Origin::kParquet, "zstd"},
    {"indexed_none", "parquet", Origin::kOptimized, "none"},
    {"indexed_zstd", "parquet", Origin::kOptimized, "zstd"},
    {"floor", "benchfloor", Origin::kFloor},
}};

/// Null if there is no such format.
inline const Format* FindFormat(std::string_view name) {
  for (const Format& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

/// The prims that a folder's small files have.
inline constexpr int64_t kShapePrims = 10'000;
inline constexpr int64_t kWarmUpPrims = 4;
inline constexpr int64_t kPlaybackPrims = 10'000;

/// A folder of files of one scene. Each format has three: `table` with the 20 properties of every
/// prim, `shapes` with float3s and arrays of the first 10,000, and `warmup`, a table of four prims.
/// All but the floor have two more, with time samples of the first 10,000 and of four prims:
/// `playback` and `playback_warmup`.
class DataFolder {
 public:
  DataFolder(std::filesystem::path folder, Scene scene)
      : folder_(std::move(folder)), scene_(scene) {}

  /// The folder as its marker describes it; throws std::runtime_error if there is none or
  /// another version of this program wrote it.
  static DataFolder Open(const std::filesystem::path& folder);

  /// Starts a folder: makes it and, where its marker is another, removes what is in the way.
  void Prepare() const;

  std::string Path() const { return folder_.string(); }
  const Scene& scene() const { return scene_; }
  Scene TableScene() const { return scene_; }
  Scene ShapeScene() const { return First(kShapePrims); }
  Scene WarmUpScene() const { return First(kWarmUpPrims); }
  Scene PlaybackScene() const { return First(kPlaybackPrims); }

  std::string Table(const Format& format) const { return File("table", format); }
  std::string Shapes(const Format& format) const { return File("shapes", format); }
  std::string WarmUp(const Format& format) const { return File("warmup", format); }
  /// A file of many columns and row groups, of the first plain format alone.
  std::string Wide(const Format& format) const { return File("wide", format); }
  std::string Playback(const Format& format) const { return File("playback", format); }
  std::string PlaybackWarmUp(const Format& format) const { return File("playback_warmup", format); }
  std::string Base() const { return (folder_ / "base.usdc").string(); }
  /// A stage of the table over the base layer; of the base layer alone without a format.
  std::string Stage(const Format* format) const;

  /// Whether all files of the format are there.
  bool Has(const Format& format) const;
  /// Whether the files with time samples are there.
  bool HasPlayback(const Format& format) const;

 private:
  Scene First(int64_t prims) const {
    return {prims < scene_.prims ? prims : scene_.prims, scene_.hierarchy};
  }
  std::string File(const char* content, const Format& format) const;
  std::filesystem::path MarkerFile() const { return folder_ / "scene.json"; }
  std::string Marker() const;

  std::filesystem::path folder_;
  Scene scene_;
};

}  // namespace usdparquet_bench
