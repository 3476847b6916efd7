#include "path_table.h"

#include <algorithm>

namespace usdparquet {

PathTable::BuildResult PathTable::Build(std::span<const uint64_t> hashes,
                                        const SamePath& same_path) {
  BuildResult result;
  const size_t count = hashes.size();
  id_bits_ = std::max(1, static_cast<int>(std::bit_width(count)));
  // Between 8 and 16 entries a bucket: one or two cache lines to look through.
  bucket_bits_ = std::max(0, static_cast<int>(std::bit_width(count)) - 4);
  const auto bucket_of = [this](uint64_t hash) {
    return bucket_bits_ == 0 ? 0 : hash >> (64 - bucket_bits_);
  };

  offsets_.assign((size_t{1} << bucket_bits_) + 1, 0);
  for (uint64_t hash : hashes) {
    if (hash != 0) ++offsets_[bucket_of(hash) + 1];
  }
  for (size_t i = 1; i < offsets_.size(); ++i) offsets_[i] += offsets_[i - 1];

  entries_.resize(offsets_.back());
  std::vector<uint32_t> next(offsets_.begin(), offsets_.end() - 1);
  for (size_t id = 0; id < count; ++id) {
    const uint64_t hash = hashes[id];
    if (hash == 0) continue;
    entries_[next[bucket_of(hash)]++] = (hash << id_bits_) | id;
  }

  // Sorting a bucket brings equal hashes side by side, in the order of ids.
  uint32_t kept = 0;
  for (size_t bucket = 0; bucket + 1 < offsets_.size(); ++bucket) {
    const uint32_t begin = offsets_[bucket], end = offsets_[bucket + 1];
    std::sort(entries_.begin() + begin, entries_.begin() + end);
    offsets_[bucket] = kept;
    for (uint32_t i = begin; i < end; ++i) {
      if (i + 1 < end && entries_[i] >> id_bits_ == entries_[i + 1] >> id_bits_) {
        const uint64_t mask = (uint64_t{1} << id_bits_) - 1;
        const auto earlier = static_cast<uint32_t>(entries_[i] & mask);
        const auto later = static_cast<uint32_t>(entries_[i + 1] & mask);
        if (!same_path(earlier, later)) {
          result.has_collision = true;
          return result;
        }
        result.duplicates.emplace_back(earlier, later);
        continue;
      }
      entries_[kept++] = entries_[i];
    }
  }
  offsets_.back() = kept;
  entries_.resize(kept);
  if (kept < count / 2) entries_.shrink_to_fit();
  return result;
}

}  // namespace usdparquet
