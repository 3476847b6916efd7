#include "core/sections/section_locator.h"

#include <cinttypes>
#include <cstdio>

namespace usdparquet {

std::string SectionLocator::Text() const {
  char text[160];
  std::snprintf(text, sizeof(text),
                "version=%u.%u%s%.15s offset=%" PRId64 " length=%" PRId64 " checksum=%016" PRIx64,
                major, minor, format.empty() ? "" : " format=", format.c_str(), offset, length,
                checksum);
  return text;
}

std::optional<SectionLocator> SectionLocator::Parse(const std::string& text) {
  SectionLocator locator;
  char format[16] = {};
  int version_end = 0, format_size = 0;
  const char* rest = text.c_str();
  if (std::sscanf(rest, "version=%u.%u%n", &locator.major, &locator.minor, &version_end) != 2) {
    return std::nullopt;
  }
  rest += version_end;
  if (std::sscanf(rest, " format=%15s%n", format, &format_size) == 1) rest += format_size;
  if (std::sscanf(rest, " offset=%" SCNd64 " length=%" SCNd64 " checksum=%" SCNx64, &locator.offset,
                  &locator.length, &locator.checksum) != 3) {
    return std::nullopt;
  }
  locator.format = format;
  return locator;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> SectionLocator::Read(
    arrow::io::RandomAccessFile& file) const {
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file.GetSize());
  if (offset < 0 || length < 0 || offset > size - length) return nullptr;
  ARROW_ASSIGN_OR_RAISE(auto bytes, file.ReadAt(offset, length));
  if (bytes->size() != length) return nullptr;
  // Mapped files give aligned bytes; others a buffer of their own.
  if (reinterpret_cast<uintptr_t>(bytes->data()) % alignof(uint64_t) == 0) return bytes;
  return bytes->CopySlice(0, length);
}

}  // namespace usdparquet
