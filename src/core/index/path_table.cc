#include "core/index/path_table.h"

#include <algorithm>

namespace usdparquet {

PathTable::BuildResult PathTable::Build(std::span<const uint64_t> hashes,
                                        const SamePath& same_path) {
  return Build(hashes, nullptr, hashes.size(), same_path);
}

PathTable::BuildResult PathTable::Build(std::span<const uint64_t> hashes,
                                        std::span<const uint32_t> ids, uint32_t num_ids,
                                        const SamePath& same_path) {
  return Build(hashes, ids.data(), num_ids, same_path);
}

PathTable::BuildResult PathTable::Build(std::span<const uint64_t> hashes, const uint32_t* ids,
                                        size_t num_ids, const SamePath& same_path) {
  BuildResult result;
  *this = PathTable();
  const auto owned = std::make_shared<Owned>();
  std::vector<uint64_t>& entries = owned->entries;
  std::vector<uint32_t>& offsets = owned->offsets;
  const size_t count = hashes.size();
  const uint32_t id_bits = std::max(1, static_cast<int>(std::bit_width(num_ids)));
  // Between 8 and 16 entries a bucket: one or two cache lines to look through.
  const uint32_t bucket_bits = std::max(0, static_cast<int>(std::bit_width(count)) - 4);
  const auto bucket_of = [bucket_bits](uint64_t hash) {
    return bucket_bits == 0 ? 0 : hash >> (64 - bucket_bits);
  };

  offsets.assign((size_t{1} << bucket_bits) + 1, 0);
  for (uint64_t hash : hashes) {
    if (hash != 0) ++offsets[bucket_of(hash) + 1];
  }
  for (size_t i = 1; i < offsets.size(); ++i) offsets[i] += offsets[i - 1];

  entries.resize(offsets.back());
  std::vector<uint32_t> next(offsets.begin(), offsets.end() - 1);
  for (size_t i = 0; i < count; ++i) {
    const uint64_t hash = hashes[i];
    if (hash == 0) continue;
    entries[next[bucket_of(hash)]++] = (hash << id_bits) | (ids ? ids[i] : i);
  }

  // Sorting a bucket brings equal hashes side by side, in the order of ids.
  uint32_t kept = 0;
  for (size_t bucket = 0; bucket + 1 < offsets.size(); ++bucket) {
    const uint32_t begin = offsets[bucket], end = offsets[bucket + 1];
    std::sort(entries.begin() + begin, entries.begin() + end);
    offsets[bucket] = kept;
    for (uint32_t i = begin; i < end; ++i) {
      if (i + 1 < end && entries[i] >> id_bits == entries[i + 1] >> id_bits) {
        const uint64_t mask = (uint64_t{1} << id_bits) - 1;
        const auto earlier = static_cast<uint32_t>(entries[i] & mask);
        const auto later = static_cast<uint32_t>(entries[i + 1] & mask);
        if (!same_path(earlier, later)) {
          result.has_collision = true;
          return result;
        }
        result.duplicates.emplace_back(earlier, later);
        continue;
      }
      entries[kept++] = entries[i];
    }
  }
  offsets.back() = kept;
  entries.resize(kept);
  entries.shrink_to_fit();
  parts_ = {entries, offsets, id_bits, bucket_bits};
  owned_ = owned;
  return result;
}

bool PathTable::IsReadable(const uint32_t* range) const {
  if (!blocks_->Verify(range, range + 2)) return false;
  if (!AreBounds(range)) return blocks_->Reject("a bucket of it has impossible bounds");
  const uint64_t* const entries = parts_.entries.data();
  return blocks_->Verify(entries + range[0], entries + range[1]);
}

uint32_t PathTable::FindInBlocks(uint64_t hash) const {
  return IsReadable(&parts_.offsets[BucketOf(hash)]) ? FindInBucket(hash) : kNotFound;
}

uint32_t PathTable::CheckOrder(uint64_t bucket) const {
  if (CheckBucket(&parts_.offsets[bucket])) {
    ordered_[bucket / 64].fetch_or(uint64_t{1} << (bucket % 64), std::memory_order_relaxed);
  }
  return kNotFound;
}

bool PathTable::CheckBucket(const uint32_t* range) const {
  for (uint32_t i = range[0]; i + 1 < range[1]; ++i) {
    if (parts_.entries[i] >= parts_.entries[i + 1]) {
      return blocks_->Reject("the entries of a bucket are not in order");
    }
  }
  return true;
}

bool PathTable::Check(uint32_t num_ids) const {
  if (!blocks_) return true;
  const std::span<const uint32_t> offsets = parts_.offsets;
  if (!blocks_->Verify(offsets.data(), offsets.data() + offsets.size())) return false;
  if (offsets.front() != 0 || offsets.back() != parts_.entries.size()) {
    return blocks_->Reject("its buckets do not have all entries");
  }
  for (size_t bucket = 0; bucket + 1 < offsets.size(); ++bucket) {
    if (!IsReadable(&offsets[bucket]) || !CheckBucket(&offsets[bucket])) return false;
  }
  std::vector<bool> has_id(num_ids);
  for (const uint64_t entry : parts_.entries) {
    const uint32_t id = IdOf(entry);
    if (id >= num_ids || has_id[id]) {
      return blocks_->Reject("an entry of it names what is not there, or is there already");
    }
    has_id[id] = true;
  }
  return true;
}

PathTable PathTable::Map(const Parts& parts, std::shared_ptr<const SectionBlocks> blocks) {
  PathTable table;
  table.parts_ = parts;
  table.blocks_ = std::move(blocks);
  table.ordered_.reset(new std::atomic<uint64_t>[table.NumOrderWords()]());
  return table;
}

}  // namespace usdparquet
