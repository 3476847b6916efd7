#pragma once

/// \file
/// The bytes of a page behind its header, decompressed.

#include <arrow/buffer.h>
#include <arrow/result.h>
#include <arrow/util/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>

#include "core/pages/page_header.h"
#include "core/util/export.h"

namespace usdparquet {

/// Levels and values of a data page, or the entries of a dictionary page.
struct PageBody {
  std::span<const uint8_t> bytes;
  std::shared_ptr<arrow::Buffer> owner;  ///< keeps alive what was decompressed here
};

/// The body of a page of a chunk that is stored with `codec`. `is_always_compressed` is that of the
/// chunk. Valid while both `page` and the result live. Fails if the page is damaged, or throws
/// parquet::ParquetException where Parquet has no such codec. REQUIRES: what the header claims was
/// checked. Thread-safe.
USDPARQUET_API arrow::Result<PageBody> DecompressPage(const StoredPage& page,
                                                      arrow::Compression::type codec,
                                                      bool is_always_compressed = false);

}  // namespace usdparquet
