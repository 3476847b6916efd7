#pragma once

/// \file
/// How much memory a layer takes, measured in a process that does nothing else.

#include <string>

#include "formats.h"

namespace usdparquet_bench {

struct LayerMemory {
  double anonymous_mb = 0;
  double resident_mb = 0;
};

/// Opens the table and reads `columns` properties (20, 6 or 0) of every prim, prim by prim. Returns
/// what the process has grown by since the plugin was loaded and the paths were made. Throws
/// std::runtime_error where a value is wrong.
LayerMemory MeasureMemory(const DataFolder& folder, const Format& format, int columns);

/// The memory of the process now.
LayerMemory ProcessMemory();

/// Runs this program with `--memory` and `arguments` (`--columns=20` or `--playback`) in a fresh
/// process, which prints JSON. The process has a cache budget of `budget_mb`, or the default one if
/// that is 0.
LayerMemory MeasureMemoryElsewhere(const std::string& folder, const Format& format,
                                   const std::string& arguments, int budget_mb);

/// The JSON that MeasureMemoryElsewhere reads.
std::string ToJson(const LayerMemory& memory, const Format& format);

}  // namespace usdparquet_bench
