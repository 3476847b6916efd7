#pragma once

/// \file
/// The layers of the benchmark that OpenUSD writes.

#include <cstddef>
#include <string>
#include <vector>

#include "scene.h"

namespace usdparquet_bench {

/// What a Parquet file of the same columns is presented as: attributes of `over` prims.
/// Throws std::runtime_error where the layer can't be saved.
void WriteUsdc(const std::string& file, const Scene& scene, size_t first_column,
               size_t column_count);

/// The same scene as WriteLongParquet: time samples of `over` prims.
void WriteSamplesUsdc(const std::string& file, const Scene& scene);

/// The layer that defines the prims, for stages.
void WriteBase(const std::string& file, const Scene& scene);

/// A stage with the files as sublayers, the strongest first. They are in the stage's folder.
void WriteStage(const std::string& file, const std::vector<std::string>& sublayers);

}  // namespace usdparquet_bench
