#include "core/write/level_padding.h"

#include <bit>
#include <cstring>

#include "core/util/block_memory.h"

namespace usdparquet {
namespace {

/// A run of equal levels among others.
struct LongRun {
  size_t begin = 0, size = 0;  ///< its bytes
  uint32_t count = 0;
  uint8_t level = 0;
};

/// Reads an unsigned LEB128 number of 32 bits. False if there is none.
bool ReadVarint(std::span<const uint8_t> bytes, size_t* at, uint32_t* value) {
  *value = 0;
  for (int shift = 0; shift < 32 && *at < bytes.size(); shift += 7) {
    const uint32_t byte = bytes[(*at)++];
    *value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

void AppendVarint(uint32_t value, std::string* bytes) {
  for (; value >= 0x80; value >>= 7) bytes->push_back(static_cast<char>(value | 0x80));
  bytes->push_back(static_cast<char>(value));
}

/// The longest run of equal levels, which has a count of 0 if there is none.
std::optional<LongRun> FindLongestRun(std::span<const uint8_t> levels, uint32_t width) {
  LongRun longest;
  for (size_t at = 0; at < levels.size();) {
    const size_t begin = at;
    uint32_t header = 0;
    if (!ReadVarint(levels, &at, &header)) return std::nullopt;
    const uint32_t length = header >> 1;
    const uint64_t size = header & 1 ? uint64_t{length} * width : 1;
    if (size > levels.size() - at) return std::nullopt;
    if ((header & 1) == 0 && length > longest.count) {
      longest = {begin, at + 1 - begin, length, levels[at]};
    }
    at += size;
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
  size_t at = 0;
  for (int i = 0; i < 2; ++i) {  // repetition levels, definition levels
    uint32_t size = 0;
    if (body.size() - at < sizeof(size)) return std::nullopt;
    std::memcpy(&size, body.data() + at, sizeof(size));
    at += sizeof(size);
    if (size > body.size() - at) return std::nullopt;
    at += size;
  }
  return at;
}

std::shared_ptr<arrow::Buffer> PadBody(std::span<const uint8_t> body, uint32_t max_level,
                                       const LevelGrowth& growth) {
  const auto values = ValuesBegin(body);
  if (!values) return nullptr;
  uint32_t rep_size = 0;
  std::memcpy(&rep_size, body.data(), sizeof(rep_size));
  const size_t def_begin = sizeof(rep_size) + rep_size + sizeof(uint32_t);
  const auto levels =
      PadLevels(body.subspan(def_begin, *values - def_begin),
                static_cast<uint32_t>(std::bit_width(max_level)), growth);
  if (!levels) return nullptr;
  const size_t size = def_begin + levels->size() + body.size() - *values;
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
  put(body.data() + *values, body.size() - *values);
  return padded;
}

}  // namespace usdparquet
