#pragma once

/// \file
/// Makes the files of a data folder.

#include <vector>

#include "formats.h"

namespace usdparquet_bench {

/// Writes what is not there yet, but for the optimized files, and says on stdout what it writes.
/// A file is written under another name first, so one that is there is complete.
void Generate(const DataFolder& folder, const std::vector<Format>& formats);

}  // namespace usdparquet_bench
