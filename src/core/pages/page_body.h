#pragma once

/// \file
/// The bytes of a data page behind its header, decompressed.

#include <arrow/buffer.h>
#include <arrow/result.h>
#include <arrow/util/type_fwd.h>
#include <parquet/column_page.h>

#include <cstdint>
#include <memory>
#include <span>

#include "core/util/export.h"

namespace usdparquet {

/// The codec to give Arrow's page reader for a chunk stored with `codec`, so that DecompressPage
/// can decompress its data pages.
USDPARQUET_API arrow::Compression::type PageReaderCodec(arrow::Compression::type codec);

/// Levels and values of a data page.
struct PageBody {
  std::span<const uint8_t> bytes;
  std::shared_ptr<arrow::Buffer> owner;  ///< keeps alive what was decompressed here
};

/// The body of a page whose reader was opened with PageReaderCodec(codec). Valid while both `page`
/// and the result live. Fails if the page is damaged. Thread-safe.
USDPARQUET_API arrow::Result<PageBody> DecompressPage(const parquet::DataPage& page,
                                                      arrow::Compression::type codec);

/// The whole body of a page that is stored with `codec`, and which takes `size` bytes. Valid while
/// both `stored` and the result live. Fails if the page is damaged. Thread-safe.
arrow::Result<PageBody> DecompressBody(std::span<const uint8_t> stored, int64_t size,
                                       arrow::Compression::type codec);

}  // namespace usdparquet
