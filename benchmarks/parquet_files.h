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

}  // namespace usdparquet_bench
