#pragma once

/// \file
/// Plain Parquet files, as pyarrow writes them when nothing is asked for.

#include <cstddef>
#include <string>

#include "scene.h"

namespace usdparquet_bench {

/// Writes `column_count` columns of kColumns, from `first_column`, of every prim of the scene.
/// `codec` is none, snappy or zstd. Throws std::runtime_error where Arrow reports an error.
void WriteParquet(const std::string& file, const Scene& scene, size_t first_column,
                  size_t column_count, const std::string& codec);

/// The file of RegisterWide: a row of doubles in each row group, and the paths.
inline constexpr int kWideColumns = 999;
inline constexpr int kWideRowGroups = 1000;
inline double WideValue(int row, int column) { return row * 1000.0 + column; }
inline std::string WideColumn(int column) { return "c" + std::to_string(column); }
inline std::string WidePath(int row) { return "/P" + std::to_string(row); }

/// Writes it, with a page index. Throws as WriteParquet.
void WriteWide(const std::string& file);

/// Writes a long table of the scene's prims: kPlaybackColumns at kFrames frames, by frame, which is
/// the column `frame`.
void WriteLongParquet(const std::string& file, const Scene& scene, const std::string& codec);

}  // namespace usdparquet_bench
