#pragma once

/// \file
/// From SdfPath to the prim of a table.

#include <pxr/base/tf/token.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/path.h>

#include <array>
#include <cstdint>

#include "core/pages/handle_table.h"
#include "core/table/table.h"
#include "plugin/read/path_handle.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Finds prims by path: first in a table from path handles to prims, filled as prims are touched,
/// then in the path index, by a hash of the path's element names.
///
/// The handle table keeps the paths in it alive, because OpenUSD reuses the handle of a path that
/// nobody holds. It shares its memory with those of other layers (HandleTables), and may forget.
/// Paths that are not in the file are remembered as such. When a sound index takes the place of a
/// damaged one, another handle table does so too.
///
/// Thread-safety: Find may be called from any number of threads.
class UsdParquetPrimLookup {
 public:
  /// `prefix` is the prim below which the file's paths lie, or "/".
  /// The table must outlive this.
  UsdParquetPrimLookup(const usdparquet::Table& table, const SdfPath& prefix);

  /// The prim at `path`; only the path's prim part counts. `handle` is the path's prim handle.
  [[gnu::always_inline]] usdparquet::PrimId Find(const SdfPath& path, uint32_t handle) const {
    uint32_t bits;
    // A branch, not a number into the array: where the table lies must not wait for the version.
    if (const uint32_t version = table_.index_version(); version != 0) [[unlikely]] {
      if (handles_[version].Find(handle, &bits)) return usdparquet::PrimId::FromBits(bits);
      return FindAndRemember(path, handle, version);
    }
    if (handles_[0].Find(handle, &bits)) return usdparquet::PrimId::FromBits(bits);
    return FindAndRemember(path, handle, 0);
  }

  /// The same if the prim was looked up before and nothing needs to be looked for; else a null id.
  [[gnu::always_inline]] usdparquet::PrimId FindKnown(uint32_t handle) const {
    uint32_t bits;
    return handle != 0 && handles_[table_.index_version()].Find(handle, &bits)
               ? usdparquet::PrimId::FromBits(bits)
               : usdparquet::PrimId();
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

  usdparquet::PrimId FindAndRemember(const SdfPath& path, uint32_t handle, uint32_t version) const;
  usdparquet::PrimId FindInIndex(const SdfPath& prim_path, uint32_t version) const;

  const usdparquet::Table& table_;
  const SdfPath prefix_;
  const size_t prefix_depth_;
  const uint64_t serial_;
  mutable std::array<usdparquet::HandleTable, 2> handles_;  // by version of the index
};

PXR_NAMESPACE_CLOSE_SCOPE
