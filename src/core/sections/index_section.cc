#include "core/sections/index_section.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <span>

#include "core/sections/index_blocks.h"

namespace usdparquet {

std::string IndexLocator::Text() const {
  char text[160];
  std::snprintf(text, sizeof(text),
                "version=%u.%u offset=%" PRId64 " length=%" PRId64 " checksum=%016" PRIx64, major,
                minor, offset, length, checksum);
  return text;
}

std::optional<IndexLocator> IndexLocator::Parse(const std::string& text) {
  IndexLocator locator;
  if (std::sscanf(text.c_str(),
                  "version=%u.%u offset=%" SCNd64 " length=%" SCNd64 " checksum=%" SCNx64,
                  &locator.major, &locator.minor, &locator.offset, &locator.length,
                  &locator.checksum) != 5) {
    return std::nullopt;
  }
  return locator;
}

std::shared_ptr<arrow::Buffer> IndexLocator::Read(arrow::io::RandomAccessFile& file) const {
  const auto size = file.GetSize();
  if (!size.ok() || offset < 0 || length < 0 || offset > *size - length) return nullptr;
  auto bytes = file.ReadAt(offset, length);
  if (!bytes.ok() || (*bytes)->size() != length) return nullptr;
  // Mapped files give aligned bytes; others a buffer of their own.
  if (reinterpret_cast<uintptr_t>((*bytes)->data()) % alignof(uint64_t) == 0) return *bytes;
  auto copy = (*bytes)->CopySlice(0, length);
  return copy.ok() ? *copy : nullptr;
}

std::vector<uint32_t> BlockChecksums(std::string_view body) {
  std::vector<uint32_t> checksums;
  for (size_t begin = 0; begin < body.size(); begin += IndexBlocks::kBlockSize) {
    const size_t size = std::min(IndexBlocks::kBlockSize, body.size() - begin);
    checksums.push_back(IndexBlocks::Checksum(std::as_bytes(std::span(body.data() + begin, size))));
  }
  return checksums;
}

}  // namespace usdparquet
