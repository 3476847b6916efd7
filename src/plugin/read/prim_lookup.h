#pragma once

/// \file
/// From SdfPath to the prim of a table.

#include <pxr/base/tf/token.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/path.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "core/index/path_index.h"
#include "plugin/read/path_handle.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Finds prims by path: first in a table from path handles to prims, filled as prims are touched,
/// then in the path index, by a hash of the path's element names.
///
/// The handle table has buckets of one cache line; a full bucket replaces an entry, so the table
/// has a fixed size, and a reader takes no lock. It keeps the paths in it alive, because OpenUSD
/// reuses the handle of a path that nobody holds. Paths that are not in the file are remembered as
/// such.
///
/// Thread-safety: Find may be called from any number of threads.
class UsdParquetPrimLookup {
 public:
  /// `prefix` is the prim below which the file's paths lie, or "/".
  /// The index must outlive this.
  UsdParquetPrimLookup(const usdparquet::PathIndex& index, const SdfPath& prefix);
  ~UsdParquetPrimLookup();

  /// The prim at `path`; only the path's prim part counts. `handle` is the path's prim handle.
  usdparquet::PrimId Find(const SdfPath& path, uint32_t handle) const {
    const std::atomic<uint64_t>* bucket = BucketOf(handle);
    for (size_t way = 0; bucket && way < kWays; ++way) {
      const uint64_t entry = bucket[way].load(std::memory_order_acquire);
      if (static_cast<uint32_t>(entry >> 32) == handle) {
        return usdparquet::PrimId::FromBits(static_cast<uint32_t>(entry));
      }
    }
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
  static constexpr size_t kWays = 8;
  static constexpr uint32_t kAbovePrefix = 0xffffff00u;  // inner prims that no file can have

  std::atomic<uint64_t>* BucketOf(uint32_t handle) const {
    // A handle is an index into one of up to 256 pool regions, the region in the low byte. Paths
    // made one after the other have neighbouring indices, and are mostly read in that order: they
    // share buckets.
    const uint32_t key = (handle >> 8) + (handle & 0xff) * 0x9e3779b1u;
    return slots_ ? slots_ + ((key >> 2) & bucket_mask_) * kWays : nullptr;
  }

  usdparquet::PrimId FindAndRemember(const SdfPath& path, uint32_t handle) const;
  usdparquet::PrimId FindInIndex(const SdfPath& prim_path) const;

  const usdparquet::PathIndex& index_;
  const SdfPath prefix_;
  const size_t prefix_depth_;
  const uint64_t serial_;
  void* memory_ = nullptr;
  std::atomic<uint64_t>* slots_ = nullptr;  // in memory_, on a cache line
  size_t num_slots_ = 0;
  uint32_t bucket_mask_ = 0;
  mutable std::mutex mutex_;  // for filling
};

PXR_NAMESPACE_CLOSE_SCOPE
