#pragma once

/// \file
/// A compact, immutable map from 64-bit path hashes to row numbers.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/sections/section_blocks.h"
#include "core/util/export.h"

namespace usdparquet {

/// Maps path hashes to ids at 8 bytes an entry plus a quarter.
///
/// The top bits of a hash choose a bucket of 8 to 16 entries, which lie sorted in one
/// array. An entry is one 64-bit word: the id in its low `id_bits`, the low
/// bits of the hash above. Bucket and entry together keep 60 bits of the hash
/// or more where every id has an entry, so that one absent path in 10^12 is taken for one of a
/// million. With one entry for every 2^n ids they keep n bits less.
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

  /// Builds the table of `hashes[i] -> ids[i]`, of ids below `num_ids`.
  /// REQUIRES: ids rise, num_ids < 2^31.
  BuildResult Build(std::span<const uint64_t> hashes, std::span<const uint32_t> ids,
                    uint32_t num_ids, const SamePath& same_path);

  /// The parts of a built table, and what they need to be read again from a file.
  struct Parts {
    std::span<const uint64_t> entries;
    std::span<const uint32_t> offsets;
    uint32_t id_bits = 1;
    uint32_t bucket_bits = 0;
  };
  Parts parts() const { return parts_; }

  /// A table over parts that lie in a file. `blocks` verifies what is read, and keeps the parts
  /// alive; what can't be in a table that Build made is rejected. REQUIRES: id_bits in 1..31,
  /// bucket_bits in 0..31, offsets.size() == 2^bucket_bits + 1.
  static PathTable Map(const Parts& parts, std::shared_ptr<const SectionBlocks> blocks);

  /// The id of `hash`, or kNotFound.
  uint32_t Find(uint64_t hash) const {
    if (parts_.entries.empty()) return kNotFound;
    const uint32_t* range = &parts_.offsets[BucketOf(hash)];
    if (blocks_ && !IsReadable(range)) return kNotFound;
    const uint32_t begin = range[0], end = range[1];
    const uint64_t tag = hash & (~uint64_t{0} >> parts_.id_bits);
    for (uint32_t i = begin; i < end; ++i) {
      if (parts_.entries[i] >> parts_.id_bits == tag) return IdOf(parts_.entries[i]);
    }
    if (blocks_) CheckBucket(range);
    return kNotFound;
  }

  size_t size() const { return parts_.entries.size(); }

  /// Calls `f(id)` for every entry, in no order.
  template <typename F>
  void VisitIds(const F& f) const {
    const std::span<const uint64_t> entries = parts_.entries;
    if (blocks_ && !blocks_->Verify(entries.data(), entries.data() + entries.size())) return;
    for (const uint64_t entry : entries) f(IdOf(entry));
  }

  /// Whether all of a mapped table is undamaged and could be one that Build made of ids below
  /// `num_ids`: each id once, buckets in order.
  bool Check(uint32_t num_ids) const;

  /// Whether both have the same entries in the same places. REQUIRES: Check() of each.
  bool IsSameAs(const PathTable& other) const {
    return parts_.id_bits == other.parts_.id_bits &&
           parts_.bucket_bits == other.parts_.bucket_bits &&
           std::ranges::equal(parts_.offsets, other.parts_.offsets) &&
           std::ranges::equal(parts_.entries, other.parts_.entries);
  }

  /// Bytes on the heap.
  size_t MemoryUsage() const {
    return owned_ ? owned_->entries.capacity() * sizeof(uint64_t) +
                        owned_->offsets.capacity() * sizeof(uint32_t)
                  : 0;
  }

 private:
  struct Owned {
    std::vector<uint64_t> entries;
    std::vector<uint32_t> offsets;
  };

  BuildResult Build(std::span<const uint64_t> hashes, const uint32_t* ids, size_t num_ids,
                    const SamePath& same_path);

  uint64_t BucketOf(uint64_t hash) const {
    return parts_.bucket_bits == 0 ? 0 : hash >> (64 - parts_.bucket_bits);
  }
  uint32_t IdOf(uint64_t entry) const {
    return static_cast<uint32_t>(entry & ((uint64_t{1} << parts_.id_bits) - 1));
  }

  /// Whether the bucket whose bounds are `range` and the next may be read, of a mapped table.
  bool IsReadable(const uint32_t* range) const {
    if (!blocks_->Verify(range, range + 2)) return false;
    const uint32_t begin = range[0], end = range[1];
    if (begin > end || end > parts_.entries.size() || end - begin > kMaxBucket) {
      return blocks_->Reject("a bucket of it has impossible bounds");
    }
    return blocks_->Verify(parts_.entries.data() + begin, parts_.entries.data() + end);
  }
  /// Whether the entries of a bucket that may be read rise. Asked where something is not found: it
  /// may be for that.
  bool CheckBucket(const uint32_t* range) const;

  /// Hashes fill buckets evenly: none of a sound table comes near it, and a lookup is quick.
  static constexpr uint32_t kMaxBucket = 1024;

  Parts parts_;
  std::shared_ptr<const Owned> owned_;
  std::shared_ptr<const SectionBlocks> blocks_;
};

}  // namespace usdparquet
