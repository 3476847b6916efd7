#pragma once

/// \file
/// A compact, immutable map from 64-bit path hashes to row numbers.

#include <algorithm>
#include <atomic>
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
  /// Inlined, and what is rare is a call at the end: so nothing needs to be kept in memory.
  [[gnu::always_inline]] uint32_t Find(uint64_t hash) const {
    if (parts_.entries.empty()) return kNotFound;
    if (blocks_) {
      if (!blocks_->AreAllGood()) [[unlikely]]
        return FindInBlocks(hash);
      if (!AreBounds(&parts_.offsets[BucketOf(hash)])) [[unlikely]]
        return FindInBlocks(hash);
    }
    return FindInBucket(hash);
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
    if (owned_) {
      return owned_->entries.capacity() * sizeof(uint64_t) +
             owned_->offsets.capacity() * sizeof(uint32_t);
    }
    return ordered_ ? NumOrderWords() * sizeof(uint64_t) : 0;
  }

 private:
  struct Owned {
    std::vector<uint64_t> entries;
    std::vector<uint32_t> offsets;
  };

  BuildResult Build(std::span<const uint64_t> hashes, const uint32_t* ids, size_t num_ids,
                    const SamePath& same_path);

  /// Of a table without buckets 0, too.
  uint64_t BucketOf(uint64_t hash) const { return hash >> 1 >> (63 - parts_.bucket_bits); }
  uint32_t IdOf(uint64_t entry) const {
    return static_cast<uint32_t>(entry & ((uint64_t{1} << parts_.id_bits) - 1));
  }

  /// Find, where the bucket may be read.
  [[gnu::always_inline]] uint32_t FindInBucket(uint64_t hash) const {
    const uint64_t bucket = BucketOf(hash);
    const uint32_t begin = parts_.offsets[bucket], count = parts_.offsets[bucket + 1] - begin;
    if (count > 0) {
      const uint64_t* const entries = parts_.entries.data() + begin;
      const uint32_t id_bits = parts_.id_bits;
      const uint64_t tag = hash & (~uint64_t{0} >> id_bits);
      // They are spread evenly: where one is can be told but for an entry or two.
      uint32_t i = static_cast<uint32_t>(((tag >> (48 - id_bits)) * count) >> 16);
      while (entries[i] >> id_bits < tag && i + 1 < count) ++i;
      while (entries[i] >> id_bits > tag && i > 0) --i;
      if (entries[i] >> id_bits == tag) return IdOf(entries[i]);
    }
    return blocks_ && !IsInOrder(bucket) ? CheckOrder(bucket) : kNotFound;
  }
  /// Find in a mapped table of which not every block was verified, or that is wrong.
  uint32_t FindInBlocks(uint64_t hash) const;

  /// Whether a bucket may begin and end there.
  bool AreBounds(const uint32_t* range) const {
    const uint32_t begin = range[0], end = range[1];
    return begin <= end && end <= parts_.entries.size() && end - begin <= kMaxBucket;
  }
  /// Whether the bucket whose bounds are `range` and the next may be read, of a mapped table.
  bool IsReadable(const uint32_t* range) const;
  /// Whether the entries of a bucket that may be read rise.
  bool CheckBucket(const uint32_t* range) const;
  /// Whether that was found before.
  bool IsInOrder(uint64_t bucket) const {
    return ordered_[bucket / 64].load(std::memory_order_relaxed) >> (bucket % 64) & 1;
  }
  /// Asked where something is not found: it may be for that. Once a bucket, since most prims are
  /// looked for in vain among those with children. Returns kNotFound.
  uint32_t CheckOrder(uint64_t bucket) const;
  size_t NumOrderWords() const { return (parts_.offsets.size() + 63) / 64; }

  /// Hashes fill buckets evenly: none of a sound table comes near it, and a lookup is quick.
  static constexpr uint32_t kMaxBucket = 1024;

  Parts parts_;
  std::shared_ptr<const Owned> owned_;
  std::shared_ptr<const SectionBlocks> blocks_;
  /// Of a mapped table: a bit for each bucket, set once its entries were found to be in order.
  std::shared_ptr<std::atomic<uint64_t>[]> ordered_;
};

}  // namespace usdparquet
