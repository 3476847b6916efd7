#pragma once

/// \file
/// The hash of a prim path, computed element by element, so that code that walks the namespace
/// never needs the path as one string:
///   hash("/")     = RootPathHash(seed)
///   hash("/a/b")  = ChildPathHash(hash("/a"), "b")
/// XXH3 (64 bit) of the element name, seeded with the parent's hash.

#include <cstdint>
#include <string_view>

#define XXH_INLINE_ALL
#include <arrow/vendored/xxhash.h>

namespace usdparquet {

/// The hash of the pseudo-root. A different `seed` gives independent hashes.
inline uint64_t RootPathHash(uint64_t seed = 0) { return XXH3_64bits_withSeed("/", 1, seed); }

/// The hash of the child `name` of the prim whose hash is `parent`.
/// Never 0, so that 0 can mean "no path".
inline uint64_t ChildPathHash(uint64_t parent, std::string_view name) {
  const uint64_t hash = XXH3_64bits_withSeed(name.data(), name.size(), parent);
  return hash == 0 ? 1 : hash;
}

}  // namespace usdparquet
