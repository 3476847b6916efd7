#include "core/sections/section.h"

#include <arrow/util/key_value_metadata.h>

#include <algorithm>

#include "core/sections/section_locator.h"
#include "core/util/message_text.h"

namespace usdparquet {
namespace {

// Every header begins with these; see section.h.
constexpr size_t kMagicSize = 8, kMinorVersionAt = 10, kHeaderSizeAt = 12;

template <typename T>
T ValueAt(const void* bytes, size_t at) {
  T value;
  std::memcpy(&value, static_cast<const char*>(bytes) + at, sizeof(T));
  return value;
}

/// A header's last field, which is the checksum of all before.
uint64_t StoredChecksum(const void* header, size_t size) {
  return ValueAt<uint64_t>(header, size - sizeof(uint64_t));
}

}  // namespace

std::string SectionWriter::BlockChecksums() const {
  std::string checksums;
  for (size_t begin = 0; begin < body_.size(); begin += SectionBlocks::kBlockSize) {
    const size_t size = std::min(SectionBlocks::kBlockSize, body_.size() - begin);
    const uint32_t checksum =
        SectionBlocks::Checksum(std::as_bytes(std::span(body_.data() + begin, size)));
    checksums.append(reinterpret_cast<const char*>(&checksum), sizeof(checksum));
  }
  return checksums;
}

uint64_t SectionChecksum(const std::string& bytes) {
  return StoredChecksum(bytes.data(), ValueAt<uint32_t>(bytes.data(), kHeaderSizeAt));
}

std::string SectionEntry(int64_t offset, const std::string& bytes) {
  SectionLocator locator;
  locator.major = kSectionMajor;
  locator.minor = ValueAt<uint16_t>(bytes.data(), kMinorVersionAt);
  locator.offset = offset;
  locator.length = static_cast<int64_t>(bytes.size());
  locator.checksum = SectionChecksum(bytes);
  return locator.Text();
}

void SectionReaderBase::ReadHeader(arrow::io::RandomAccessFile& file,
                                   const parquet::FileMetaData& metadata, void* header,
                                   size_t size) {
  const auto& pairs = metadata.key_value_metadata();
  const int key = pairs ? pairs->FindKey(kind_.key) : -1;
  if (key < 0) return;
  const auto locator = SectionLocator::Parse(pairs->value(key));
  if (!locator || !locator->format.empty()) {
    return GiveUp("its key-value entry " + QuotedValue(pairs->value(key)) + " can't be read");
  }
  if (locator->major != kSectionMajor) {
    return GiveUp("its version is " + std::to_string(locator->major) + "." +
                  std::to_string(locator->minor) + ", and this software reads " +
                  std::to_string(kSectionMajor) + ".x");
  }
  // A table that was read and written again by other software keeps the key, but not the section:
  // whatever lies at its place now is not worth a word.
  if (locator->length < static_cast<int64_t>(size)) return;
  const auto bytes = SectionBytes::Open(file, locator->offset, locator->length);
  if (!bytes) return;
  if (!bytes->Load(bytes->data(), size)) {
    is_unreadable_ = true;
    return GiveUp("it can't be read");
  }
  if (std::memcmp(bytes->data(), kind_.magic, kMagicSize) != 0) return;
  std::memcpy(header, bytes->data(), size);
  const uint64_t checksum = StoredChecksum(header, size);
  if (checksum != XXH3_64bits(header, size - sizeof(checksum)) || checksum != locator->checksum) {
    return RejectHeader();
  }
  // A newer minor version may have a longer header.
  if (const auto stored = ValueAt<uint32_t>(header, kHeaderSizeAt); stored < size || stored % 8) {
    return RejectHeader();
  }
  bytes_ = bytes;
}

void SectionReaderBase::GiveUp(const std::string& why) {
  bytes_ = nullptr;
  warning_ = std::string("the embedded ") + kind_.name + " is not used: " + why +
             "; it is built in memory instead. 'usdparquet optimize' writes a good one";
}

std::shared_ptr<const SectionBlocks> SectionReaderBase::MapBody(
    size_t header_size, uint64_t total_size, size_t num_blocks, uint64_t blocks_checksum,
    std::function<void(const std::string&)> on_damage) {
  const size_t body_size = parts_end_ - header_size;
  if (total_size != bytes_->size() ||
      num_blocks != (body_size + SectionBlocks::kBlockSize - 1) / SectionBlocks::kBlockSize ||
      parts_end_ + num_blocks * sizeof(uint32_t) != total_size) {
    RejectHeader();
    return nullptr;
  }
  const std::span checksums(reinterpret_cast<const uint32_t*>(bytes_->data() + parts_end_),
                            num_blocks);
  is_unreadable_ = !bytes_->Load(checksums.data(), checksums.size_bytes());
  if (is_unreadable_ || XXH3_64bits(checksums.data(), checksums.size_bytes()) != blocks_checksum) {
    GiveUp(is_unreadable_ ? "it can't be read" : "its checksums are damaged");
    return nullptr;
  }
  const auto body = std::as_bytes(std::span(bytes_->data() + header_size, body_size));
  return std::make_shared<SectionBlocks>(body, checksums, bytes_, kind_.name, std::move(on_damage));
}

}  // namespace usdparquet
