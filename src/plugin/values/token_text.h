#pragma once

/// \file
/// Tokens of texts that come from files.

#include <pxr/base/tf/token.h>
#include <pxr/pxr.h>

#include <string>
#include <string_view>

PXR_NAMESPACE_OPEN_SCOPE

/// The token of a text from a file, which ends at its first U+0000. OpenUSD takes tokens for C
/// strings, and `>` and `>\0x` for the same one, but keeps for good all of the text that it was
/// first made of: every crate file that the process then writes with it would be damaged.
/// Thread-safe.
inline TfToken UsdParquetToken(std::string_view text) {
  return TfToken(std::string(text.substr(0, text.find('\0'))));
}

PXR_NAMESPACE_CLOSE_SCOPE
