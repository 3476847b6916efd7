#include "core/schema/property_name.h"

#include <algorithm>
#include <array>

#include "core/util/utf8.h"

namespace usdparquet {
namespace {

constexpr bool IsAsciiStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Whether each character may stand in an identifier, behind the first.
constexpr std::array<bool, 256> kContinues = [] {
  std::array<bool, 256> continues{};
  for (int c = 0; c < 128; ++c) {
    continues[static_cast<size_t>(c)] =
        IsAsciiStart(static_cast<char>(c)) || (c >= '0' && c <= '9');
  }
  return continues;
}();
bool IsAsciiContinue(char c) { return kContinues[static_cast<unsigned char>(c)]; }

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
  bool is_ascii = IsAsciiStart(name[0]);
  for (size_t i = 1; is_ascii && i < name.size(); ++i) is_ascii = IsAsciiContinue(name[i]);
  if (is_ascii) return true;
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
