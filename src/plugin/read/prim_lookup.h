#pragma once

/// \file
/// From SdfPath to the prim of a table.

#include <pxr/base/tf/token.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/path.h>

#include <cstdint>

#include "core/index/path_index.h"
#include "core/pages/handle_table.h"
#include "plugin/read/path_handle.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Finds prims by path: first in a table from path handles to prims, filled as prims are touched,
/// then in the path index, by a hash of the path's element names.
///
/// The handle table keeps the paths in it alive, because OpenUSD reuses the handle of a path that
/// nobody holds. It shares its memory with those of other layers (HandleTables), and may forget.
/// Paths that are not in the file are remembered as such.
///
/// Thread-safety: Find may be called from any number of threads.
class UsdParquetPrimLookup {
 public:
  /// `prefix` is the prim below which the file's paths lie, or "/".
  /// The index must outlive this.
  UsdParquetPrimLookup(const usdparquet::PathIndex& index, const SdfPath& prefix);

  /// The prim at `path`; only the path's prim part counts. `handle` is the path's prim handle.
  usdparquet::PrimId Find(const SdfPath& path, uint32_t handle) const {
    uint32_t bits;
    if (handles_.Find(handle, &bits)) return usdparquet::PrimId::FromBits(bits);
    return FindAndRemember(path, handle);
  }

  /// Whether `prim` is the pseudo-root or another ancestor of the prefix; none of them is in the
  /// file.
  static bool IsAbovePrefix(usdparquet::PrimId prim) { return prim && prim.bits() >= kAbovePrefix; }
  /// The number of path elements of such an ancestor.
  static uint32_t DepthAbovePrefix(usdparquet::PrimId prim) { return prim.bits() - kAbovePrefix; }

  const SdfPath& prefix() const { return prefix_; }
  static constexpr size_t kMaxPrefixDepth = 255;

 private:
  static constexpr uint32_t kAbovePrefix = 0xffffff00u;  // parents that no file can have

  usdparquet::PrimId FindAndRemember(const SdfPath& path, uint32_t handle) const;
  usdparquet::PrimId FindInIndex(const SdfPath& prim_path) const;

  const usdparquet::PathIndex& index_;
  const SdfPath prefix_;
  const size_t prefix_depth_;
  const uint64_t serial_;
  mutable usdparquet::HandleTable handles_;
};

PXR_NAMESPACE_CLOSE_SCOPE
