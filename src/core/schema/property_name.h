#pragma once

/// \file
/// From column names to USD property names.
///
/// Part of the C++ interface, which is installed (docs/cpp.md).

#include <functional>
#include <string>
#include <string_view>

#include "core/util/export.h"

namespace usdparquet {

/// Tells whether a UTF-8 text with characters beyond ASCII is a USD identifier. Core knows no
/// Unicode tables: the plugin passes OpenUSD's own test. Without one, only ASCII is allowed.
using IdentifierTest = std::function<bool(std::string_view)>;

/// Whether `name` is a USD identifier: a letter or `_`, then letters, digits or `_`.
USDPARQUET_API bool IsIdentifier(std::string_view name, const IdentifierTest& unicode_test);

/// Makes a property name from any text: `:` separates namespaces, every character that may not
/// stand in an identifier becomes `_`, and a namespace that would start with a digit gets a `_` in
/// front.
USDPARQUET_API std::string MakePropertyName(std::string_view text,
                                            const IdentifierTest& unicode_test);

}  // namespace usdparquet
