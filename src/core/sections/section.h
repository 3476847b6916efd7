#pragma once

/// \file
/// Sections of a file that are mapped as they are stored: a header, a body of parts, and the
/// checksums of the body's blocks. docs/file-format.md has the bytes.
///
/// A kind of section is a SectionKind and a Header, a struct without gaps that begins with
///   char magic[8]; uint16_t major_version, minor_version; uint32_t header_size;
///   uint64_t total_size;
/// ends with `uint64_t header_checksum` and has `uint32_t num_rows` (of the file),
/// `uint32_t num_blocks` and `uint64_t blocks_checksum` somewhere between. It is written by
/// SectionWriter and read by SectionReader.

#include <arrow/io/interfaces.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/sections/section_blocks.h"
#include "core/sections/section_bytes.h"
#include "core/util/export.h"
#include "core/util/path_hash.h"

namespace usdparquet {

static_assert(std::endian::native == std::endian::little, "sections are mapped as they are stored");

/// Offsets of sections in their file are multiples of this.
inline constexpr int64_t kSectionAlignment = 64;

/// What tells one kind of section from another.
struct SectionKind {
  const char* key;   ///< of the footer's entry that says where the section is
  char magic[9];     ///< 8 characters
  const char* name;  ///< what messages call it, as in "the embedded path index"
};

/// The versions that are written, the minor one unless a header says a newer one. Every minor
/// version of this major one is read.
inline constexpr uint16_t kSectionMajor = 1, kSectionMinor = 0;

/// Puts the bytes of a section together.
class USDPARQUET_API SectionWriter {
 public:
  /// Adds a part to the body; it begins at a multiple of 8 bytes.
  template <typename T>
  void Add(std::span<const T> part) {
    body_.append(reinterpret_cast<const char*>(part.data()), part.size_bytes());
    body_.resize((body_.size() + 7) / 8 * 8, '\0');
  }

  /// The bytes of the section, once all parts are added. Sets the fields of `header` that all
  /// kinds have.
  template <typename Header>
  std::string Finish(const SectionKind& kind, Header header) const {
    const std::string checksums = BlockChecksums();
    std::memcpy(header.magic, kind.magic, sizeof(header.magic));
    header.major_version = kSectionMajor;
    header.minor_version = std::max(header.minor_version, kSectionMinor);
    header.header_size = sizeof(Header);
    header.total_size = sizeof(Header) + body_.size() + checksums.size();
    header.num_blocks = static_cast<uint32_t>(checksums.size() / sizeof(uint32_t));
    header.blocks_checksum = XXH3_64bits(checksums.data(), checksums.size());
    header.header_checksum = XXH3_64bits(&header, offsetof(Header, header_checksum));
    return std::string(reinterpret_cast<const char*>(&header), sizeof(header)) + body_ + checksums;
  }

 private:
  std::string BlockChecksums() const;

  std::string body_;
};

/// The checksum of the header of a section of those bytes, as the footer's entry has it.
uint64_t SectionChecksum(const std::string& bytes);

/// The footer's entry for a section of those bytes, as SectionWriter made them, at `offset`.
USDPARQUET_API std::string SectionEntry(int64_t offset, const std::string& bytes);

/// The part of SectionReader that is the same for all kinds.
class USDPARQUET_API SectionReaderBase {
 public:
  /// Why the section is not used, if that is worth a warning. A section that is not there, or
  /// belongs to another file (a rewritten one keeps the entry), is not.
  const std::string& warning() const { return warning_; }
  /// Whether the file could not be read where it has the section.
  bool is_unreadable() const { return is_unreadable_; }

  /// The next part of the body, of `count` values. REQUIRES: header().
  template <typename T>
  std::span<const T> Take(size_t count) {
    const size_t begin = parts_end_;
    parts_end_ += (count * sizeof(T) + 7) / 8 * 8;
    return {reinterpret_cast<const T*>(bytes_->data() + begin), count};
  }

 protected:
  explicit SectionReaderBase(const SectionKind& kind) : kind_(kind) {}

  void ReadHeader(arrow::io::RandomAccessFile& file, const parquet::FileMetaData& metadata,
                  void* header, size_t size);
  void GiveUp(const std::string& why);
  void RejectHeader() { GiveUp("its header is damaged"); }
  std::shared_ptr<const SectionBlocks> MapBody(size_t header_size, uint64_t total_size,
                                               size_t num_blocks, uint64_t blocks_checksum,
                                               std::function<void(const std::string&)> on_damage);

  const SectionKind& kind_;
  std::shared_ptr<const SectionBytes> bytes_;  ///< null if the section is not used
  size_t parts_end_ = 0;                       ///< of the parts that were taken
  std::string warning_;
  bool is_unreadable_ = false;
};

/// Reads a section in place, at a cost that does not depend on its size: first the header, then all
/// parts in the order in which they were added, then Finish. Not thread-safe.
template <typename Header>
class SectionReader : public SectionReaderBase {
 public:
  /// `is_own(header)` is false for the section of another file, which `num_rows`, those of the
  /// file, tells too;
  /// `is_sane(header)` for a header that says what can't be.
  template <typename IsOwn, typename IsSane>
  SectionReader(const SectionKind& kind, arrow::io::RandomAccessFile& file,
                const parquet::FileMetaData& metadata, int64_t num_rows, const IsOwn& is_own,
                const IsSane& is_sane)
      : SectionReaderBase(kind) {
    ReadHeader(file, metadata, &header_, sizeof(Header));
    if (bytes_ && (header_.num_rows != num_rows || !is_own(header_))) bytes_ = nullptr;
    if (bytes_ && !is_sane(header_)) RejectHeader();
    parts_end_ = header_.header_size;
  }

  /// The verified header; null if there is no usable section.
  const Header* header() const { return bytes_ ? &header_ : nullptr; }

  /// What verifies the parts when they are read, and keeps them alive; `on_damage` is called
  /// whenever one is found to be damaged or to say what can't be (see SectionBlocks). Null if the
  /// parts taken do not add up to the body.
  std::shared_ptr<const SectionBlocks> Finish(std::function<void(const std::string&)> on_damage) {
    return MapBody(header_.header_size, header_.total_size, header_.num_blocks,
                   header_.blocks_checksum, std::move(on_damage));
  }

 private:
  Header header_{};
};

}  // namespace usdparquet
