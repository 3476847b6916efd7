#pragma once

/// \file
/// Where a section lies in its file, as the footer's key-value metadata says it.

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/util/export.h"

namespace usdparquet {

/// The value of a section's entry in the footer.
struct USDPARQUET_API SectionLocator {
  unsigned major = 0;
  unsigned minor = 0;
  std::string format;  ///< of a section that is a file of another kind; else empty
  int64_t offset = 0;
  int64_t length = 0;
  uint64_t checksum = 0;

  std::string Text() const;
  /// Nothing if the text is no locator.
  static std::optional<SectionLocator> Parse(const std::string& text);

  /// The section's bytes, at an address that is a multiple of 8; null if the file is too short to
  /// have them. Checks no checksum.
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(arrow::io::RandomAccessFile& file) const;
};

}  // namespace usdparquet
