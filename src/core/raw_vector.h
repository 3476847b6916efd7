#pragma once

/// \file
/// Vectors that are about to be filled whole.

#include <memory>
#include <utility>
#include <vector>

namespace usdparquet {

/// Leaves new elements of trivial types as they are: zeroing what a decoder
/// overwrites costs as much as decoding it.
template <typename T>
struct UninitializedAllocator : std::allocator<T> {
  template <typename U>
  struct rebind {
    using other = UninitializedAllocator<U>;
  };
  template <typename U>
  void construct(U* p) {
    ::new (static_cast<void*>(p)) U;
  }
  template <typename U, typename... Args>
  void construct(U* p, Args&&... args) {
    ::new (static_cast<void*>(p)) U(std::forward<Args>(args)...);
  }
};

/// A vector whose resize() does not initialize.
template <typename T>
using RawVector = std::vector<T, UninitializedAllocator<T>>;

}  // namespace usdparquet
