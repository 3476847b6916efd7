#pragma once

/// \file
/// Reading the same a given number of times, for counts of instructions (instructions.py).

#include <cstdint>
#include <string>

#include "formats.h"

namespace usdparquet_bench {

/// What is read in each pass.
struct RepeatedReading {
  /// double, int, bool or string: one such property of every prim, in order. touch: all properties
  /// of the prim in the middle. children: the names of the children of all prims.
  std::string kind = "double";
  int64_t passes = 1;
  bool is_fresh = false;  ///< whether each pass has a layer of its own
};

/// Opens the table and reads. Returns the page faults that the passes had. Throws
/// std::invalid_argument for any other kind, std::runtime_error if a value is wrong.
int64_t ReadRepeatedly(const DataFolder& folder, const Format& format,
                       const RepeatedReading& reading);

}  // namespace usdparquet_bench
