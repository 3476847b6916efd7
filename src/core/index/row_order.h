#pragma once

/// \file
/// The order of a table's rows in an optimized file.
///
/// Part of the C++ interface, which is installed (docs/cpp.md).

#include <cstdint>

namespace usdparquet {

/// How the rows of a long table follow each other.
enum class RowOrder : uint8_t {
  kPath,  ///< prim by prim in namespace order, each by time: for curves
  kTime,  ///< time by time, each in namespace order: for playback
};

}  // namespace usdparquet
