#pragma once

/// \file
/// The prims of a layer: those of its table, and those above the prefix that it is rooted under.

#include <pxr/base/tf/token.h>
#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/path.h>

#include <array>
#include <cstdint>

#include "core/table/table.h"
#include "plugin/read/child_lists.h"
#include "plugin/read/prim_lookup.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Which prims there are, which of them have a row, and what their children are called.
///
/// Thread-safety: all functions may be called from any number of threads.
class UsdParquetPrimTree {
 public:
  /// `prefix` is the prim below which the table's paths lie, or "/".
  /// REQUIRES: `table` outlives this.
  UsdParquetPrimTree(usdparquet::Table& table, const SdfPath& prefix)
      : table_(table), lookup_(table, prefix) {}

  /// The prim at `path`; only the path's prim part counts. `handle` is the path's prim handle.
  [[gnu::always_inline]] usdparquet::PrimId Find(const SdfPath& path, uint32_t handle) const {
    return lookup_.Find(path, handle);
  }

  /// Whether the path with that prim handle is known to be that of a prim, not the pseudo-root, by
  /// an index that nobody doubts. False does not say that it is none.
  [[gnu::always_inline]] bool IsKnownPrim(uint32_t handle) const {
    const usdparquet::PrimId prim = lookup_.FindKnown(handle);
    if (!prim || table_.is_index_doubted()) return false;
    return !prim.is_parent() ||
           (!UsdParquetPrimLookup::IsAbovePrefix(prim) && prim != usdparquet::PathIndex::root());
  }

  bool IsPseudoRoot(usdparquet::PrimId prim) const {
    if (!prim.is_parent()) return false;  // of most prims no more needs to be asked
    return UsdParquetPrimLookup::IsAbovePrefix(prim)
               ? UsdParquetPrimLookup::DepthAbovePrefix(prim) == 0
               : prim == usdparquet::PathIndex::root() && lookup_.prefix().IsAbsoluteRootPath();
  }

  bool HasRow(usdparquet::PrimId prim) const { return RowOf(prim) != usdparquet::PrimId::kNone; }
  /// The prim's row, or its first one; kNone for a null id and for a prim without a row.
  [[gnu::always_inline]] uint32_t RowOf(usdparquet::PrimId prim) const {
    // Of most prims the id is the row, and the index need not be asked.
    return prim.is_parent() ? RowOfParent(prim) : prim.bits();
  }

  bool HasChildren(usdparquet::PrimId prim) const {
    return UsdParquetPrimLookup::IsAbovePrefix(prim) || table_.paths().HasChildren(prim);
  }
  /// In file order. Reads the path column.
  TfTokenVector ChildNames(usdparquet::PrimId prim) const;
  /// The same as a value, which is kept for whoever asks again.
  VtValue ChildList(usdparquet::PrimId prim) const;

  /// A prim met on a walk from the pseudo-root.
  struct Step {
    usdparquet::PrimId prim;
    uint64_t hash;     ///< of the prim's path within the table
    uint32_t version;  ///< of the index that has them
  };
  Step Root() const;
  /// The same prim in the index of now. `path` is its path.
  Step Renewed(const Step& step, const SdfPath& path) const {
    return step.version == table_.index_version() ? step : At(path);
  }
  /// The child at `path` of `parent`. Unlike Find it remembers nothing of the prims of the table:
  /// a walk over all of them would push out those that are in use.
  Step Child(const Step& parent, const SdfPath& path) const;

  /// What `f()` returns, which asks for prims: see usdparquet::Table::Ask.
  template <typename F>
  auto Ask(const F& f) const {
    return table_.Ask(f);
  }

 private:
  Step At(const SdfPath& path) const;
  uint32_t RowOfParent(usdparquet::PrimId prim) const;

  usdparquet::Table& table_;
  UsdParquetPrimLookup lookup_;
  mutable std::array<UsdParquetChildLists, 2> lists_;  // by version of the index
};

PXR_NAMESPACE_CLOSE_SCOPE
