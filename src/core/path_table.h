#pragma once

/// \file
/// A compact, immutable map from 64-bit path hashes to row numbers.

#include <bit>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "api.h"

namespace usdparquet {

/// Maps path hashes to ids at 8 bytes an entry plus a quarter.
///
/// The top bits of a hash choose a bucket of 8 to 16 entries, which lie sorted in one
/// array. An entry is one 64-bit word: the id in its low `id_bits`, the low
/// bits of the hash above. Bucket and entry together keep 60 bits of the hash
/// or more, so that one absent path in 10^12 is taken for one of a million.
///
/// Thread-safety: immutable once built; any number of threads may call Find.
class USDPARQUET_API PathTable {
 public:
  static constexpr uint32_t kNotFound = 0xffffffffu;

  /// Tells whether two ids with equal hashes stand for the same path.
  using SamePath = std::function<bool(uint32_t, uint32_t)>;

  struct BuildResult {
    /// (earlier id, later id) of entries with one path; the later one is kept.
    std::vector<std::pair<uint32_t, uint32_t>> duplicates;
    /// Two different paths share their hash: build again with another seed.
    bool has_collision = false;
  };

  /// Builds the table of `hashes[id] -> id`; a hash of 0 is no entry.
  /// REQUIRES: hashes.size() < 2^31.
  BuildResult Build(std::span<const uint64_t> hashes, const SamePath& same_path);

  /// The id of `hash`, or kNotFound.
  uint32_t Find(uint64_t hash) const {
    if (entries_.empty()) return kNotFound;
    const uint64_t bucket = bucket_bits_ == 0 ? 0 : hash >> (64 - bucket_bits_);
    const uint64_t tag = hash & (~uint64_t{0} >> id_bits_);
    for (uint32_t i = offsets_[bucket], end = offsets_[bucket + 1]; i < end; ++i) {
      if (entries_[i] >> id_bits_ == tag) {
        return static_cast<uint32_t>(entries_[i] & ((uint64_t{1} << id_bits_) - 1));
      }
    }
    return kNotFound;
  }

  size_t size() const { return entries_.size(); }

  /// Bytes on the heap.
  size_t MemoryUsage() const {
    return entries_.capacity() * sizeof(uint64_t) + offsets_.capacity() * sizeof(uint32_t);
  }

 private:
  std::vector<uint64_t> entries_;
  std::vector<uint32_t> offsets_;
  int id_bits_ = 1;
  int bucket_bits_ = 0;
};

}  // namespace usdparquet
