#pragma once

/// \file
/// Arrays that share the memory of a page.

#include <pxr/base/vt/array.h>
#include <pxr/pxr.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "core/pages/page_memory.h"

PXR_NAMESPACE_OPEN_SCOPE

/// What an array, with all its copies, has of a page. Gone with the last of them. Whoever changes
/// an array gets elements of its own, as OpenUSD has it for all memory that is not VtArray's.
class UsdParquetArraySource final : public Vt_ArrayForeignDataSource {
 public:
  explicit UsdParquetArraySource(std::shared_ptr<const usdparquet::PageMemory> memory)
      : Vt_ArrayForeignDataSource(&Detached), memory_(std::move(memory)) {}

 private:
  static void Detached(Vt_ArrayForeignDataSource* source) {
    auto* const self = static_cast<UsdParquetArraySource*>(source);
    // VtArray has a fence here, which ThreadSanitizer does not know.
    (void)self->_refCount.load(std::memory_order_acquire);
    delete self;
  }

  const std::shared_ptr<const usdparquet::PageMemory> memory_;
};

/// An array of the `count` elements from `first` on, which lie in `memory`. REQUIRES: they are
/// aligned, and count > 0.
template <typename T>
VtArray<T> UsdParquetSharedArray(std::shared_ptr<const usdparquet::PageMemory> memory,
                                 const T* first, size_t count) {
  // VtArray writes to no memory that is not its own.
  return VtArray<T>(new UsdParquetArraySource(std::move(memory)), const_cast<T*>(first), count);
}

PXR_NAMESPACE_CLOSE_SCOPE
