#pragma once

/// \file
/// Reading a column a given number of times, for instruction counts (instructions.py).

#include <string>

#include "formats.h"

namespace usdparquet_bench {

/// The column that stands for a kind of values: double, int, bool or string. Throws
/// std::invalid_argument for any other.
size_t ColumnOfKind(const std::string& kind);

/// Opens the table and reads the column of every prim `passes` times, in order. Throws
/// std::runtime_error if a value is wrong.
void ReadRepeatedly(const DataFolder& folder, const Format& format, size_t column, int64_t passes);

}  // namespace usdparquet_bench
