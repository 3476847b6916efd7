#pragma once

/// \file
/// Texts from files and other libraries, made fit for messages.

#include <string>
#include <string_view>

namespace usdparquet {

/// `text` on one line and in valid UTF-8: a line break becomes a space, other control characters
/// and bytes that are not UTF-8 become `?`.
std::string MessageText(std::string_view text);

/// A value as a message shows it: quoted, and cut between characters after at most 80 bytes.
std::string QuotedValue(std::string_view value);

}  // namespace usdparquet
