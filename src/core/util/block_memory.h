#pragma once

/// \file
/// Memory of pages and of what decoding needs for a moment.
///
/// Blocks of some size are mapped and unmapped one by one. From the heap, blocks that come and go
/// between small objects that stay would leave holes behind, and a process would hold many times
/// its budget (docs/performance.md has the figures).

#include <arrow/memory_pool.h>

#include <cstddef>

#include "core/util/export.h"

namespace usdparquet {

/// `size` bytes, uninitialized, on a cache line. Throws std::bad_alloc. Thread-safe.
USDPARQUET_API void* AllocateBlock(size_t size);

/// Gives back a block of AllocateBlock(size). Thread-safe.
USDPARQUET_API void FreeBlock(void* block, size_t size);

/// The same for Arrow's decoders. Lives as long as the process.
arrow::MemoryPool* BlockPool();

}  // namespace usdparquet
