#pragma once

/// \file
/// The stored bytes of a page.

#include <arrow/buffer.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <span>

#include "core/pages/column_chunk.h"
#include "core/pages/page.h"

namespace usdparquet {

inline std::span<const uint8_t> SpanOf(const arrow::Buffer& bytes) {
  return {bytes.data(), static_cast<size_t>(bytes.size())};
}

/// The bytes of a page, whose header is verified where the file has a checksum of it, and counted.
/// Thread-safe.
arrow::Result<std::shared_ptr<arrow::Buffer>> ReadPageBytes(const PageSource& source,
                                                            const PageLocation& page);

/// The error of stored pages that decode to `rows` rows, and not to those of `page`.
arrow::Status WrongRowCount(size_t rows, const Page& page);

}  // namespace usdparquet
