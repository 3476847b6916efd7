#pragma once

/// \file
/// JSON of files, looked at before it is parsed.

#include <string_view>

#include "core/util/limits.h"

namespace usdparquet {

/// Whether objects and lists lie more than kMaxJsonDepth deep in each other: what is made of JSON
/// is walked by recursion. Of what is no JSON the answer is any. Thread-safe.
inline bool IsTooDeepJson(std::string_view text) {
  int depth = 0;
  bool is_in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') is_in_string = !is_in_string;
    if (is_in_string) {
      if (c == '\\') ++i;  // what is escaped ends no string
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxJsonDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace usdparquet
