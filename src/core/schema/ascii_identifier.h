#pragma once

/// \file
/// Whether a text is an identifier without characters beyond ASCII, as nearly all names are.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace usdparquet {

namespace internal {

constexpr bool IsAsciiStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Whether each character may stand in an identifier, behind the first.
inline constexpr std::array<bool, 256> kContinues = [] {
  std::array<bool, 256> continues{};
  for (int c = 0; c < 128; ++c) {
    continues[static_cast<size_t>(c)] =
        IsAsciiStart(static_cast<char>(c)) || (c >= '0' && c <= '9');
  }
  return continues;
}();
inline bool IsAsciiContinue(char c) { return kContinues[static_cast<unsigned char>(c)]; }

/// Characters, of which operators treat each by itself.
using Characters __attribute__((vector_size(16))) = unsigned char;

/// Whether each is as IsAsciiContinue wants it.
inline bool DoContinue(Characters characters) {
  const auto letters = (characters | 0x20) - 'a' < 26;
  const auto digits = characters - '0' < 10;
  const auto found = letters | digits | (characters == '_');
  uint64_t halves[2];
  static_assert(sizeof(halves) == sizeof(found));
  std::memcpy(halves, &found, sizeof(halves));
  return (halves[0] & halves[1]) == ~uint64_t{0};
}

}  // namespace internal

/// Whether `name` is a USD identifier without characters beyond ASCII.
inline bool IsAsciiIdentifier(std::string_view name) {
  using internal::Characters;
  constexpr size_t kSize = sizeof(Characters), kHalf = kSize / 2;
  if (name.empty() || !internal::IsAsciiStart(name[0])) return false;
  if (name.size() < kHalf) return std::ranges::all_of(name, internal::IsAsciiContinue);
  Characters characters;
  while (name.size() > kSize) {
    std::memcpy(&characters, name.data(), kSize);
    if (!internal::DoContinue(characters)) return false;
    // What is left may have some that were looked at already.
    name.remove_prefix(std::min(kSize, name.size() - kHalf));
  }
  std::memcpy(&characters, name.data(), kHalf);
  std::memcpy(reinterpret_cast<char*>(&characters) + kHalf, name.data() + name.size() - kHalf,
              kHalf);
  return internal::DoContinue(characters);
}

}  // namespace usdparquet
