#pragma once

/// \file
/// Zeros before what has to lie at a multiple of a number.

#include <cstdint>
#include <string>

namespace usdparquet {

/// The zeros that `offset` is short of the next multiple of `alignment`, a power of two.
inline std::string PaddingAt(int64_t offset, int64_t alignment) {
  return std::string(static_cast<size_t>(-offset & (alignment - 1)), '\0');
}

}  // namespace usdparquet
