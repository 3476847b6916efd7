#pragma once

/// \file
/// The name that somebody may have meant.

#include <span>
#include <string>
#include <string_view>

namespace usdparquet {

/// The one of `names` that differs from `name` in the fewest letters, whatever their case; empty if
/// none is near, which is where more than a third of the letters differ. Names of more than 64
/// bytes are near to none. Linear in the names.
std::string NearestName(std::string_view name, std::span<const std::string> names);

}  // namespace usdparquet
