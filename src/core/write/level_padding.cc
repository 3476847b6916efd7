#include "core/write/level_padding.h"

#include <bit>
#include <cstring>

#include "core/pages/sized_levels.h"
#include "core/util/block_memory.h"

namespace usdparquet {
namespace {

/// A run of equal levels among others.
struct LongRun {
  size_t begin = 0, size = 0;  ///< its bytes
  uint32_t count = 0;
  uint8_t level = 0;
};

void AppendVarint(uint32_t value, std::string* bytes) {
  for (; value >= 0x80; value >>= 7) bytes->push_back(static_cast<char>(value | 0x80));
  bytes->push_back(static_cast<char>(value));
}

/// The longest run of equal levels, which has a count of 0 if there is none.
std::optional<LongRun> FindLongestRun(std::span<const uint8_t> levels, uint32_t width) {
  LongRun longest;
  for (auto rest = levels; !rest.empty();) {
    const size_t begin = levels.size() - rest.size();
    const auto header = TakeVarint(&rest);
    if (!header) return std::nullopt;
    const uint32_t length = *header >> 1;
    const uint64_t size = *header & 1 ? uint64_t{length} * width : 1;
    if (size > rest.size()) return std::nullopt;
    if ((*header & 1) == 0 && length > longest.count) {
      longest = {begin, levels.size() - rest.size() + 1 - begin, length, rest[0]};
    }
    rest = rest.subspan(size);
  }
  return longest;
}

/// `groups` groups of eight levels, all the same, packed in `runs` runs.
void AppendPacked(uint8_t level, uint32_t width, uint32_t groups, uint32_t runs,
                  std::string* bytes) {
  uint64_t group = 0;  // of eight levels, the first in the lowest bits
  for (uint32_t i = 0; i < 8; ++i) group |= uint64_t{level} << (i * width);
  for (; runs > 0; --runs) {
    const uint32_t own = groups / runs;
    groups -= own;
    AppendVarint(own << 1 | 1, bytes);
    for (uint32_t i = 0; i < own; ++i) {
      for (uint32_t k = 0; k < width; ++k) bytes->push_back(static_cast<char>(group >> (8 * k)));
    }
  }
}

}  // namespace

std::optional<std::string> PadLevels(std::span<const uint8_t> levels, uint32_t width,
                                     const LevelGrowth& growth) {
  const auto run = FindLongestRun(levels, width);
  if (!run) return std::nullopt;
  // With groups of `width` bytes alone, not every number of bytes can be made: runs add one each.
  constexpr uint32_t kMostRuns = 8;
  for (uint32_t runs = 1; runs <= kMostRuns; ++runs) {
    const auto most_groups = static_cast<uint32_t>(runs + growth.least + growth.alignment);
    for (uint32_t groups = runs; groups < most_groups && groups * 8 < run->count; ++groups) {
      std::string now;
      AppendVarint((run->count - groups * 8) << 1, &now);
      now.push_back(static_cast<char>(run->level));
      AppendPacked(run->level, width, groups, runs, &now);
      const size_t size = now.size() - run->size;  // more than there was, with the packed run
      if (size < growth.least || size % growth.alignment != growth.rest) continue;
      std::string all(levels.begin(), levels.end());
      all.replace(run->begin, run->size, now);
      return all;
    }
  }
  return std::nullopt;
}

std::optional<size_t> ValuesBegin(std::span<const uint8_t> body) {
  auto rest = body;
  if (!TakeSized(&rest) || !TakeSized(&rest)) return std::nullopt;  // repetition, definition
  return body.size() - rest.size();
}

std::shared_ptr<arrow::Buffer> PadBody(std::span<const uint8_t> body, uint32_t max_level,
                                       const LevelGrowth& growth) {
  auto rest = body;
  if (!TakeSized(&rest)) return nullptr;  // repetition levels
  const auto def_levels = TakeSized(&rest);
  if (!def_levels) return nullptr;
  const auto levels =
      PadLevels(*def_levels, static_cast<uint32_t>(std::bit_width(max_level)), growth);
  if (!levels) return nullptr;
  const auto def_begin = static_cast<size_t>(def_levels->data() - body.data());
  const size_t size = def_begin + levels->size() + rest.size();
  std::shared_ptr<arrow::Buffer> padded = AllocateBlockBuffer(size);
  uint8_t* out = padded->mutable_data();
  const auto put = [&out](const void* data, size_t count) {
    std::memcpy(out, data, count);
    out += count;
  };
  const auto def_size = static_cast<uint32_t>(levels->size());
  put(body.data(), def_begin - sizeof(def_size));
  put(&def_size, sizeof(def_size));
  put(levels->data(), levels->size());
  put(rest.data(), rest.size());
  return padded;
}

}  // namespace usdparquet
