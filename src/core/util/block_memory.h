#pragma once

/// \file
/// Memory for pages and for what decoding needs for a moment.
///
/// Larger blocks are mapped and unmapped one by one. If they came from the heap, where they would
/// lie between small objects that live longer, freed blocks would leave holes, and a process would
/// hold many times its budget (docs/performance.md has the figures).

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>

#include <cstddef>
#include <memory>

#include "core/util/export.h"

namespace usdparquet {

/// Returns `size` uninitialized bytes, aligned to a cache line. Throws std::bad_alloc. Thread-safe.
USDPARQUET_API void* AllocateBlock(size_t size);

/// Frees a block that AllocateBlock(size) returned. Thread-safe.
USDPARQUET_API void FreeBlock(void* block, size_t size);

/// The same as a buffer that frees it. Arrow's own buffers of a pool take 600 instructions more,
/// for a memory manager each. Throws std::bad_alloc. Thread-safe.
USDPARQUET_API std::shared_ptr<arrow::Buffer> AllocateBlockBuffer(size_t size);

/// A pool of such blocks for Arrow's decoders. Lives as long as the process.
USDPARQUET_API arrow::MemoryPool* BlockPool();

}  // namespace usdparquet
