#pragma once

/// \file
/// Values of one data page, in the layout in which they are read.

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

class PageMemory;

/// Strings laid one behind the other. Immutable once built.
struct StringPool {
  RawVector<uint32_t> offsets;  ///< one more than there are strings; none if there are none
  RawVector<char> chars;
  /// Where they lie, if that is not `chars`: as a page stores them, with `gap` bytes before each,
  /// those of its length. Whoever has the pool keeps that memory.
  const char* stored = nullptr;
  uint32_t gap = 0;

  size_t size() const { return offsets.empty() ? 0 : offsets.size() - 1; }
  std::string_view operator[](size_t i) const {
    const uint32_t length = offsets[i + 1] - offsets[i];
    // Where there is no string, in the row of a null, there is no gap either.
    return {text() + offsets[i], length - std::min(length, gap)};
  }
  /// Whether every one is valid UTF-8.
  bool IsUtf8() const {
    if (gap == 0) return AreUtf8(text(), offsets.data(), size());
    // Lengths lie between them: where those are ASCII too, one look tells.
    if (const auto all = Region(); SkipAscii(all, 0) == all.size()) return true;
    for (size_t i = 0; i < size(); ++i) {
      if (!usdparquet::IsUtf8((*this)[i])) return false;
    }
    return true;
  }
  bool HasNul() const {
    const std::string_view all = Region();
    if (gap == 0) return !all.empty() && std::memchr(all.data(), 0, all.size());
    // The lengths that lie between them have zeros, too.
    const auto zeros = static_cast<size_t>(std::count(all.begin(), all.end(), '\0'));
    size_t of_lengths = 0;
    bool is_first = true;  // its length lies before them all
    for (size_t i = 0; i < size(); ++i) {
      const uint32_t length = offsets[i + 1] - offsets[i];
      if (length < gap) continue;
      if (!is_first) of_lengths += ZeroBytes(length - gap);
      is_first = false;
    }
    return zeros != of_lengths;
  }
  /// REQUIRES: the strings lie in `chars`.
  void Append(std::string_view text) {
    if (offsets.empty()) offsets.push_back(0);
    chars.insert(chars.end(), text.begin(), text.end());
    offsets.push_back(static_cast<uint32_t>(chars.size()));
  }
  size_t MemoryUsage() const {
    return offsets.capacity() * sizeof(uint32_t) + chars.capacity() + sizeof(*this);
  }

 private:
  const char* text() const { return stored ? stored : chars.data(); }
  /// From the first to the end of the last, with the gaps between them.
  std::string_view Region() const {
    const size_t length = offsets.empty() ? 0 : offsets.back() - offsets.front();
    return length > gap ? std::string_view(text() + offsets.front(), length - gap)
                        : std::string_view();
  }
  /// Of the four of a length.
  static uint32_t ZeroBytes(uint32_t length) {
    if (length - 1 < 255) return 3;
    uint32_t zeros = 0;
    for (int shift = 0; shift < 32; shift += 8) zeros += (length >> shift & 0xff) == 0;
    return zeros;
  }
};

/// The decoded dictionary of one column chunk, shared by the chunk's pages.
/// Fixed-size scalars lie in `values`, strings in `strings`.
struct Dictionary {
  RawVector<std::byte> values;
  StringPool strings;
  /// The dictionary page that `strings` lie in, if they do, and its bytes on the heap.
  std::shared_ptr<const void> owner;
  size_t held_bytes = 0;
  /// Those of `strings` that are no valid UTF-8, ascending: cells with them have no value.
  std::vector<uint32_t> bad_strings;
  bool has_nul = false;  ///< whether any of `strings` has a U+0000
  uint32_t size = 0;

  bool IsBad(uint32_t code) const {
    return std::binary_search(bad_strings.begin(), bad_strings.end(), code);
  }
  size_t MemoryUsage() const {
    return values.capacity() + strings.MemoryUsage() + bad_strings.capacity() * sizeof(uint32_t) +
           held_bytes + sizeof(*this);
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
  /// elements of all rows. Points into `values` or into a stored page, where nothing is aligned.
  const std::byte* cells = nullptr;
  RawVector<std::byte> values;
  /// The stored page that `cells` or `strings` point into, if they needed no decoding; or what else
  /// a slot holds that is no column's page. It takes `held_bytes` of the heap.
  std::shared_ptr<const void> owner;
  size_t held_bytes = 0;
  /// Instead of `values` and `owner`, where arrays that were read may share the memory.
  std::shared_ptr<const PageMemory> memory;
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

  /// Bytes on the heap, without the shared dictionary and `memory`.
  size_t MemoryUsage() const {
    return sizeof(*this) + presence.capacity() * 8 + values.capacity() + offsets.capacity() * 4 +
           codes.capacity() * 4 + strings.MemoryUsage() + held_bytes;
  }
};

}  // namespace usdparquet
