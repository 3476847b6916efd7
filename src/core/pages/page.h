#pragma once

/// \file
/// Decoded values of one data page, in the layout in which they are read.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "core/util/raw_vector.h"
#include "core/util/utf8.h"

namespace usdparquet {

/// Strings laid end to end. Immutable once built.
struct StringPool {
  RawVector<uint32_t> offsets = {0};  ///< one more than there are strings
  RawVector<char> chars;

  size_t size() const { return offsets.size() - 1; }
  /// Whether every one is valid UTF-8.
  bool IsUtf8() const { return AreUtf8(chars.data(), offsets.data(), size()); }
  bool HasNul() const { return !chars.empty() && std::memchr(chars.data(), 0, chars.size()); }
  std::string_view operator[](size_t i) const {
    return {chars.data() + offsets[i], offsets[i + 1] - offsets[i]};
  }
  void Append(std::string_view text) {
    chars.insert(chars.end(), text.begin(), text.end());
    offsets.push_back(static_cast<uint32_t>(chars.size()));
  }
  size_t MemoryUsage() const {
    return offsets.capacity() * sizeof(uint32_t) + chars.capacity() + sizeof(*this);
  }
};

/// The decoded dictionary of one column chunk, shared by the chunk's pages.
/// Fixed-size scalars lie in `values`, strings in `strings`.
struct Dictionary {
  RawVector<std::byte> values;
  StringPool strings;
  /// Those of `strings` that are no valid UTF-8, ascending: cells with them have no value.
  std::vector<uint32_t> bad_strings;
  bool has_nul = false;  ///< whether any of `strings` has a U+0000
  uint32_t size = 0;

  bool IsBad(uint32_t code) const {
    return std::binary_search(bad_strings.begin(), bad_strings.end(), code);
  }
  size_t MemoryUsage() const {
    return values.capacity() + strings.MemoryUsage() + bad_strings.capacity() * sizeof(uint32_t) +
           sizeof(*this);
  }
};

/// One decoded page: rows [first_row, first_row + num_rows) of one column.
/// Immutable once the cache has it; read under an EpochGuard there.
struct Page {
  Page() = default;
  Page(Page&&) = default;
  Page& operator=(Page&&) = default;

  uint32_t first_row = 0;
  uint32_t num_rows = 0;

  /// A bit a row, set where the cell has a value. Empty if every cell has one.
  std::vector<uint64_t> presence;
  /// Whether the cells without a value are those that are null: not so where there are cells that
  /// no USD value can hold, or where the page could not be decoded.
  bool tells_nulls = true;
  /// Scalars and tuples: row i at [i * stride], unspecified where there is no value. Arrays: the
  /// elements of all rows. Points into `values`, or into the mapped file, where nothing is aligned.
  const std::byte* cells = nullptr;
  RawVector<std::byte> values;
  /// The stored page that `cells` points into, if it needed no decoding; or what else a slot holds
  /// that is no column's page, which takes `held_bytes`.
  std::shared_ptr<const void> mapped;
  size_t held_bytes = 0;
  /// Arrays: row i holds the elements [offsets[i], offsets[i + 1]). Else empty.
  std::vector<uint32_t> offsets;
  /// Strings: an index into `dictionary->strings` for every element, or, without
  /// a dictionary, element i is string i of `strings`.
  RawVector<uint32_t> codes;
  std::shared_ptr<const Dictionary> dictionary;
  StringPool strings;

  bool IsPresent(uint32_t i) const {
    return presence.empty() || (presence[i >> 6] >> (i & 63) & 1);
  }
  /// The string of element i (row i, unless the column holds arrays).
  std::string_view String(uint32_t i) const {
    return codes.empty() ? strings[i] : dictionary->strings[codes[i]];
  }
  /// The cells as an array. REQUIRES: T is one byte wide, or the column is not PLAIN in the file.
  template <typename T>
  const T* As() const {
    return reinterpret_cast<const T*>(cells);
  }

  /// Bytes on the heap, without the shared dictionary.
  size_t MemoryUsage() const {
    return sizeof(*this) + presence.capacity() * 8 + values.capacity() + offsets.capacity() * 4 +
           codes.capacity() * 4 + strings.MemoryUsage() + held_bytes;
  }
};

}  // namespace usdparquet
