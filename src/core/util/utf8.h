#pragma once

/// \file
/// The rules of UTF-8 (RFC 3629, section 4).

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace usdparquet {

/// The length in bytes of the character at text[i]; 0 if it is not valid.
/// REQUIRES: i < text.size().
inline size_t Utf8Length(std::string_view text, size_t i) {
  const auto byte = [&](size_t k) {
    return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u;
  };
  const auto follows = [&](size_t k, unsigned low = 0x80, unsigned high = 0xbf) {
    return byte(k) >= low && byte(k) <= high;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    // Neither overlong forms nor surrogates.
    const unsigned low = lead == 0xe0 ? 0xa0 : 0x80, high = lead == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const unsigned low = lead == 0xf0 ? 0x90 : 0x80, high = lead == 0xf4 ? 0x8f : 0xbf;
    return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

/// The end of the ASCII that `text` has from `i` on. Bytes are looked at together, in long texts as
/// many as compilers make vectors of.
inline size_t SkipAscii(std::string_view text, size_t i) {
  for (constexpr size_t kWords = 8; text.size() - i >= kWords * sizeof(uint64_t);
       i += kWords * sizeof(uint64_t)) {
    uint64_t any = 0;
    for (size_t k = 0; k < kWords; ++k) {
      uint64_t word;
      std::memcpy(&word, text.data() + i + k * sizeof(word), sizeof(word));
      any |= word;
    }
    if (any & 0x8080808080808080u) break;
  }
  for (uint64_t word; text.size() - i >= sizeof(word); i += sizeof(word)) {
    std::memcpy(&word, text.data() + i, sizeof(word));
    if (word & 0x8080808080808080u) break;
  }
  while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
  return i;
}

/// Whether `text` is valid UTF-8.
inline bool IsUtf8(std::string_view text) {
  for (size_t i = SkipAscii(text, 0); i < text.size(); i = SkipAscii(text, i)) {
    const size_t length = Utf8Length(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

/// Whether `text` has a control character (U+0000 to U+001F, U+007F to U+009F), which OpenUSD's
/// asset paths cannot have. REQUIRES: IsUtf8(text).
inline bool HasControlCharacter(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      return true;
    }
  }
  return false;
}

/// Whether texts that lie end to end in `chars`, each from one of `count` + 1 `offsets` to the
/// next, are valid UTF-8, every one of them.
template <typename Offset>
bool AreUtf8(const char* chars, const Offset* offsets, size_t count) {
  if (count == 0 || offsets[count] == offsets[0]) return true;
  const auto first = static_cast<size_t>(offsets[0]), last = static_cast<size_t>(offsets[count]);
  const std::string_view all(chars + first, last - first);
  if (SkipAscii(all, 0) == all.size()) return true;
  if (!IsUtf8(all)) return false;
  // Together they are. Then each is, unless a character goes on from one into the next.
  for (size_t i = 0; i < count; ++i) {
    const auto begin = static_cast<size_t>(offsets[i]);
    if (begin < last && (static_cast<unsigned char>(chars[begin]) & 0xc0) == 0x80) return false;
  }
  return true;
}

/// `text` with a U+FFFD in the place of each byte that is not UTF-8.
inline std::string WithValidUtf8(std::string_view text) {
  std::string valid;
  for (size_t i = 0; i < text.size();) {
    const size_t length = Utf8Length(text, i);
    valid += length > 0 ? text.substr(i, length) : std::string_view("\xef\xbf\xbd");
    i += length > 0 ? length : 1;
  }
  return valid;
}

}  // namespace usdparquet
