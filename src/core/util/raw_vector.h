#pragma once

/// \file
/// Vectors whose elements are all about to be written.

#include <cstddef>
#include <utility>
#include <vector>

#include "core/util/block_memory.h"
#include "core/util/export.h"

namespace usdparquet {

/// Leaves new elements of trivial types uninitialized: zeroing memory that a decoder then
/// overwrites costs as much as the decoding.
template <typename T>
struct UninitializedAllocator {
  using value_type = T;

  UninitializedAllocator() = default;
  template <typename U>
  UninitializedAllocator(const UninitializedAllocator<U>&) {
  }  // NOLINT: implicit, as in every allocator

  T* allocate(size_t count) { return static_cast<T*>(AllocateBlock(count * sizeof(T))); }
  void deallocate(T* block, size_t count) { FreeBlock(block, count * sizeof(T)); }
  bool operator==(const UninitializedAllocator&) const { return true; }

  template <typename U>
  void construct(U* p) {
    ::new (static_cast<void*>(p)) U;
  }
  template <typename U, typename... Args>
  void construct(U* p, Args&&... args) {
    ::new (static_cast<void*>(p)) U(std::forward<Args>(args)...);
  }
};

/// A vector whose resize() does not initialize elements of trivial types.
template <typename T>
using RawVector = std::vector<T, UninitializedAllocator<T>>;

}  // namespace usdparquet
