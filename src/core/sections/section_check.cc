#include "core/sections/section_check.h"

#include <arrow/buffer.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "core/sections/section.h"
#include "core/sections/section_locator.h"

namespace usdparquet {
namespace {

// What the headers of all kinds of section have (section.h, docs/file-format.md).
constexpr int64_t kHeaderSize = 192, kStoredSizeAt = 12, kTotalSizeAt = 16, kChecksumAt = 184;
constexpr std::string_view kMagicStart = "UPQ";

template <typename T>
T StoredAt(const arrow::Buffer& bytes, int64_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

/// Checks the blocks of the body, which begins at `body` and has its checksums at `checksums`.
arrow::Result<bool> AreBlocksSound(arrow::io::RandomAccessFile& file, int64_t body,
                                   int64_t checksums, int64_t num_blocks) {
  constexpr int64_t kBlock = SectionBlocks::kBlockSize;
  ARROW_ASSIGN_OR_RAISE(const auto stored,
                        file.ReadAt(checksums, num_blocks * int64_t{sizeof(uint32_t)}));
  if (stored->size() != num_blocks * int64_t{sizeof(uint32_t)}) return false;
  for (int64_t i = 0; i < num_blocks; ++i) {
    const int64_t begin = body + i * kBlock;
    const int64_t size = std::min(kBlock, checksums - begin);
    ARROW_ASSIGN_OR_RAISE(const auto block, file.ReadAt(begin, size));
    if (block->size() != size) return false;
    const std::span bytes(block->data(), static_cast<size_t>(size));
    if (SectionBlocks::Checksum(std::as_bytes(bytes)) !=
        StoredAt<uint32_t>(*stored, i * int64_t{sizeof(uint32_t)})) {
      return false;
    }
  }
  return true;
}

}  // namespace

arrow::Result<SectionState> CheckSection(arrow::io::RandomAccessFile& file,
                                         const parquet::FileMetaData& metadata,
                                         const std::string& key) {
  const auto& pairs = metadata.key_value_metadata();
  const int found = pairs ? pairs->FindKey(key) : -1;
  if (found < 0) return SectionState::kAbsent;
  const auto locator = SectionLocator::Parse(pairs->value(found));
  if (!locator) return SectionState::kBadHeader;
  ARROW_ASSIGN_OR_RAISE(const int64_t file_size, file.GetSize());
  const auto [offset, length] = std::pair(locator->offset, locator->length);
  if (locator->major != kSectionMajor || length < kHeaderSize || offset < 0 ||
      offset > file_size - length) {
    return SectionState::kAbsent;
  }
  ARROW_ASSIGN_OR_RAISE(const auto header, file.ReadAt(offset, kHeaderSize));
  if (header->size() != kHeaderSize) return SectionState::kAbsent;
  const auto stored = StoredAt<uint64_t>(*header, kChecksumAt);
  if (XXH3_64bits(header->data(), kChecksumAt) != locator->checksum ||
      stored != locator->checksum) {
    // Software that writes the table anew keeps the entry, but not the section.
    const bool is_there = stored == locator->checksum ||
                          std::memcmp(header->data(), kMagicStart.data(), kMagicStart.size()) == 0;
    return is_there ? SectionState::kBadHeader : SectionState::kAbsent;
  }
  const int64_t begin = StoredAt<uint32_t>(*header, kStoredSizeAt);
  if (StoredAt<uint64_t>(*header, kTotalSizeAt) != static_cast<uint64_t>(length) ||
      begin < kHeaderSize || begin > length) {
    return SectionState::kBadHeader;
  }
  constexpr int64_t kWithChecksum = SectionBlocks::kBlockSize + sizeof(uint32_t);
  const int64_t blocks = (length - begin + kWithChecksum - 1) / kWithChecksum;
  const int64_t checksums = length - blocks * int64_t{sizeof(uint32_t)};
  if (checksums < begin) return SectionState::kBadHeader;
  ARROW_ASSIGN_OR_RAISE(const bool is_sound,
                        AreBlocksSound(file, offset + begin, offset + checksums, blocks));
  return is_sound ? SectionState::kSound : SectionState::kBadBody;
}

}  // namespace usdparquet
