#pragma once

/// \file
/// A compact, immutable map from 64-bit path hashes to row numbers.

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
  /// alive. REQUIRES: id_bits in 1..31, bucket_bits in 0..31, offsets.size() == 2^bucket_bits + 1.
  static PathTable Map(const Parts& parts, std::shared_ptr<const SectionBlocks> blocks);

  /// The id of `hash`, or kNotFound.
  uint32_t Find(uint64_t hash) const {
    if (parts_.entries.empty()) return kNotFound;
    const uint64_t bucket = parts_.bucket_bits == 0 ? 0 : hash >> (64 - parts_.bucket_bits);
    const uint32_t* range = &parts_.offsets[bucket];
    if (blocks_ && !blocks_->Verify(range, range + 2)) return kNotFound;
    const uint32_t begin = range[0], end = range[1];
    if (blocks_ && !IsReadable(begin, end)) return kNotFound;
    const uint64_t tag = hash & (~uint64_t{0} >> parts_.id_bits);
    for (uint32_t i = begin; i < end; ++i) {
      if (parts_.entries[i] >> parts_.id_bits == tag) {
        return static_cast<uint32_t>(parts_.entries[i] & ((uint64_t{1} << parts_.id_bits) - 1));
      }
    }
    return kNotFound;
  }

  size_t size() const { return parts_.entries.size(); }

  /// Calls `f(id)` for every entry, in no order.
  template <typename F>
  void VisitIds(const F& f) const {
    const std::span<const uint64_t> entries = parts_.entries;
    if (blocks_ && !blocks_->Verify(entries.data(), entries.data() + entries.size())) return;
    for (uint64_t entry : entries) {
      f(static_cast<uint32_t>(entry & ((uint64_t{1} << parts_.id_bits) - 1)));
    }
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

  /// Whether a bucket of a mapped table may be read.
  bool IsReadable(uint32_t begin, uint32_t end) const {
    return begin <= end && end <= parts_.entries.size() &&
           blocks_->Verify(parts_.entries.data() + begin, parts_.entries.data() + end);
  }

  Parts parts_;
  std::shared_ptr<const Owned> owned_;
  std::shared_ptr<const SectionBlocks> blocks_;
};

}  // namespace usdparquet
