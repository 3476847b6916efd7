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

std::shared_ptr<SectionBytes> IndexLocator::Read(arrow::io::RandomAccessFile& file) const {
  return SectionBytes::Open(file, offset, length);
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
