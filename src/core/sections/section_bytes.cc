#include "core/sections/section_bytes.h"

#include "core/util/system_calls.h"

namespace usdparquet {

std::shared_ptr<SectionBytes> SectionBytes::Open(arrow::io::RandomAccessFile& file, int64_t offset,
                                                 int64_t length) {
  const auto size = file.GetSize();
  if (!size.ok() || offset < 0 || length <= 0 || length > *size || offset > *size - length) {
    return nullptr;
  }
  std::shared_ptr<SectionBytes> section(new SectionBytes);
  section->offset_ = offset;
  section->length_ = static_cast<size_t>(length);
  section->file_ =
      std::dynamic_pointer_cast<arrow::io::RandomAccessFile>(file.weak_from_this().lock());
  if (!file.supports_zero_copy() && section->file_) {
    void* const memory = ReserveMemory(section->length_);
    if (!memory) return nullptr;
    section->data_ = section->memory_ = static_cast<uint8_t*>(memory);
    return section;
  }
  auto bytes = file.ReadAt(offset, length);
  if (!bytes.ok() || (*bytes)->size() != length) return nullptr;
  if (reinterpret_cast<uintptr_t>((*bytes)->data()) % alignof(uint64_t) != 0) {
    bytes = (*bytes)->CopySlice(0, length);
    if (!bytes.ok()) return nullptr;
  }
  section->mapped_ = *bytes;
  section->data_ = section->mapped_->data();
  return section;
}

SectionBytes::~SectionBytes() {
  if (memory_) UnmapMemory(memory_, length_);
}

bool SectionBytes::Load(const void* begin, size_t size) const {
  if (is_whole()) return true;
  const auto at = static_cast<const uint8_t*>(begin) - data_;
  const auto read = file_->ReadAt(offset_ + at, static_cast<int64_t>(size), memory_ + at);
  return read.ok() && *read == static_cast<int64_t>(size);
}

}  // namespace usdparquet
