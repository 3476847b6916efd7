#pragma once

/// \file
/// The bytes of a section of a file at one address, mapped or read as they are needed.

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/util/export.h"

namespace usdparquet {

/// A section of a file in memory. Of a mapped file it is the mapping. Of a file that is read it is
/// memory of its own, of which only what Load was asked for has been read: opening costs the same
/// for a section of any length.
///
/// Thread-safety: Load of ranges that do not overlap may be called from any number of threads.
class USDPARQUET_API SectionBytes {
 public:
  /// Bytes [offset, offset + length) of the file, at an address that is a multiple of 8; null if
  /// the file does not have them. Keeps the file.
  static std::shared_ptr<SectionBytes> Open(arrow::io::RandomAccessFile& file, int64_t offset,
                                            int64_t length);
  ~SectionBytes();
  SectionBytes(const SectionBytes&) = delete;
  SectionBytes& operator=(const SectionBytes&) = delete;

  /// The first byte. What Load was not asked for may read as zeros.
  const uint8_t* data() const { return data_; }
  size_t size() const { return length_; }

  /// Whether all bytes are there without being loaded.
  bool is_whole() const { return memory_ == nullptr; }

  /// Brings `size` bytes from `begin` on into memory. False if the file does not have them any
  /// more. REQUIRES: they lie in the section.
  bool Load(const void* begin, size_t size) const;

 private:
  SectionBytes() = default;

  const uint8_t* data_ = nullptr;
  std::shared_ptr<arrow::Buffer> mapped_;
  // Else:
  std::shared_ptr<arrow::io::RandomAccessFile> file_;
  int64_t offset_ = 0;
  size_t length_ = 0;
  uint8_t* memory_ = nullptr;
};

}  // namespace usdparquet
