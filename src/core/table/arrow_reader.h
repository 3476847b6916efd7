#pragma once

/// \file
/// Arrow's Parquet reader, opened as all of core uses it.

#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>
#include <arrow/result.h>
#include <parquet/arrow/reader.h>
#include <parquet/metadata.h>

#include <memory>

#include "core/util/export.h"

namespace usdparquet {

/// Arrow's reader of `file`, whose footer is `metadata` or, if that is null, is read. It verifies
/// the checksums of pages, and reads and decodes in the thread that calls it: it hands nothing to
/// Arrow's pools of threads, and keeps no stored bytes once they are decoded. What it returns has
/// its memory from `pool`. If it `is_streaming`, a chunk that is decoded in parts is read in parts
/// as well, instead of whole. Columns may be read from several threads at once. May throw.
USDPARQUET_API arrow::Result<std::unique_ptr<parquet::arrow::FileReader>> OpenArrowReader(
    std::shared_ptr<arrow::io::RandomAccessFile> file,
    std::shared_ptr<parquet::FileMetaData> metadata,
    arrow::MemoryPool* pool = arrow::system_memory_pool(), bool is_streaming = false);

}  // namespace usdparquet
