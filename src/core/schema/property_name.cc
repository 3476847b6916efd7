#include "core/schema/property_name.h"

#include <algorithm>

#include "core/schema/ascii_identifier.h"
#include "core/util/utf8.h"

namespace usdparquet {
namespace {

using internal::IsAsciiContinue;
using internal::IsAsciiStart;

std::string MakeIdentifier(std::string_view text, const IdentifierTest& unicode_test) {
  std::string name;
  for (size_t i = 0; i < text.size();) {
    const size_t length = std::max<size_t>(Utf8Length(text, i), 1);  // a stray byte counts as one
    const std::string_view character = text.substr(i, length);
    const bool starts = name.empty();
    const auto stands = [&](bool at_start) {
      if (length == 1) return at_start ? IsAsciiStart(character[0]) : IsAsciiContinue(character[0]);
      std::string name = at_start ? std::string() : "_";
      name += character;
      return unicode_test && unicode_test(name);
    };
    if (stands(starts)) {
      name += character;
    } else if (starts && stands(false)) {
      name += '_';
      name += character;
    } else {
      name += '_';
    }
    i += length;
  }
  return name.empty() ? "_" : name;
}

}  // namespace

bool IsIdentifier(std::string_view name, const IdentifierTest& unicode_test) {
  if (name.empty()) return false;
  if (IsAsciiIdentifier(name)) return true;
  for (char c : name) {
    if (static_cast<unsigned char>(c) >= 0x80) return unicode_test && unicode_test(name);
  }
  return false;
}

std::string MakePropertyName(std::string_view text, const IdentifierTest& unicode_test) {
  std::string name;
  for (size_t begin = 0;;) {
    const size_t end = text.find(':', begin);
    name += MakeIdentifier(text.substr(begin, end - begin), unicode_test);
    if (end == std::string_view::npos) return name;
    name += ':';
    begin = end + 1;
  }
}

}  // namespace usdparquet
