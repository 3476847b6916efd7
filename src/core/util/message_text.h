#pragma once

/// \file
/// Texts of foreign origin as parts of messages.

#include <string>
#include <string_view>

namespace usdparquet {

/// `text` on one line and in valid UTF-8: control characters, and bytes that are no UTF-8, become
/// `?`.
std::string MessageText(std::string_view text);

/// A value as a message shows it: quoted, at most 80 bytes of it, cut between characters.
std::string QuotedValue(std::string_view value);

}  // namespace usdparquet
