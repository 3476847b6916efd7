#pragma once

/// \file
/// Why a text is no prim path, in words.

#include <string>
#include <string_view>

#include "core/schema/property_name.h"
#include "core/util/export.h"

namespace usdparquet {

/// What keeps `path` from being the absolute path of a prim, as the end of a sentence ("it does not
/// start with '/'"); empty if nothing does. Agrees with PathScan::Add on every text.
USDPARQUET_API std::string PathProblem(std::string_view path, const IdentifierTest& unicode_test);

}  // namespace usdparquet
