#pragma once

/// \file
/// What the indexes that lie in a file have in common: where they are, and their checksums.

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/sections/section_bytes.h"

namespace usdparquet {

/// Where an index lies, as the value of its key in the footer says it.
struct IndexLocator {
  unsigned major = 0;
  unsigned minor = 0;
  int64_t offset = 0;
  int64_t length = 0;
  uint64_t checksum = 0;  ///< of the index's header

  std::string Text() const;
  /// Nothing if the text is no locator.
  static std::optional<IndexLocator> Parse(const std::string& text);

  /// The bytes, at an address that is a multiple of 8; null if the file does not have them.
  std::shared_ptr<SectionBytes> Read(arrow::io::RandomAccessFile& file) const;
};

/// The checksums of a body's blocks; see IndexBlocks.
std::vector<uint32_t> BlockChecksums(std::string_view body);

}  // namespace usdparquet
