#pragma once

/// \file
/// Makes the files of a data folder.

#include <vector>

#include "formats.h"

namespace usdparquet_bench {

/// Writes what is not there yet and says on stdout what it writes; of an optimized format the plain
/// files that `usdparquet optimize` takes. A file is written under another name first, so one that
/// is there is complete.
void Generate(const DataFolder& folder, const std::vector<Format>& formats);

}  // namespace usdparquet_bench
