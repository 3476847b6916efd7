#pragma once

/// \file
/// The names of children, kept for whoever asks again.

#include <pxr/base/tf/token.h>
#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "core/pages/page_cache.h"

PXR_NAMESPACE_OPEN_SCOPE

/// The lists of children of the prims of one index. Sdf asks for a list each time that somebody
/// looks at one of its names; composing a stage asks twice for each prim. So a list is kept, in the
/// page cache: it counts against the budget, and goes like a page. Those that would take more than
/// a quarter of the budget are not kept.
///
/// Thread-safety: Get may be called from any number of threads.
class UsdParquetChildLists {
 public:
  UsdParquetChildLists() = default;
  /// REQUIRES: no other thread uses the lists.
  ~UsdParquetChildLists();
  UsdParquetChildLists(const UsdParquetChildLists&) = delete;
  UsdParquetChildLists& operator=(const UsdParquetChildLists&) = delete;

  /// The list of parent `number` of `num_parents`, a TfTokenVector: the one that is kept, or what
  /// `make` returns, of about `num_names` names. Values share the list.
  VtValue Get(uint32_t number, size_t num_parents, size_t num_names,
              const std::function<TfTokenVector()>& make);

 private:
  std::once_flag once_;
  size_t num_slots_ = 0;
  std::unique_ptr<usdparquet::PageSlot[]> slots_;  // by number of the parent
};

PXR_NAMESPACE_CLOSE_SCOPE
