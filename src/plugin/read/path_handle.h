#pragma once

/// \file
/// The integers by which OpenUSD itself tells paths apart.
///
/// An SdfPath is a pair of 32-bit pool handles: one of the prim part, one of the property part.
/// Equal paths have equal handles as long as one of them lives. They are taken through SdfPath's
/// own hash hook (`TfHashAppend`), so no copy is made, no reference count is touched and no node is
/// read.

#include <pxr/pxr.h>
#include <pxr/usd/sdf/path.h>

#include <cstdint>
#include <cstring>
#include <new>

PXR_NAMESPACE_OPEN_SCOPE

/// The two handles of a path; 0 for a part that is not there.
struct UsdParquetPathHandles {
  uint32_t prim = 0;
  uint32_t property = 0;

  explicit UsdParquetPathHandles(const SdfPath& path) {
    Collector collector;
    TfHashAppend(collector, path);
    prim = collector.parts[0];
    property = collector.parts[1];
  }

 private:
  /// A TfHash state that keeps what is appended.
  struct Collector {
    uint32_t parts[2] = {0, 0};
    int count = 0;
    void Append(uint32_t part) { parts[count++ & 1] = part; }
    template <typename... Args>
    void Append(uint32_t part, Args... rest) {
      Append(part);
      Append(rest...);
    }
  };
};

/// Keeps prim paths alive by their handle alone, in half of an SdfPath's size. If SdfPath is ever
/// laid out otherwise, IsSupported() is false and the caller does without.
class UsdParquetPathRetainer {
 public:
  static bool IsSupported() {
    static const bool is_supported = [] {
      if constexpr (sizeof(SdfPath) != 2 * sizeof(uint32_t)) return false;
      const SdfPath path("/usdparquet_probe");
      uint32_t parts[2];
      std::memcpy(parts, static_cast<const void*>(&path), sizeof(parts));
      return parts[0] == UsdParquetPathHandles(path).prim && parts[0] != 0 && parts[1] == 0;
    }();
    return is_supported;
  }

  /// Takes a reference to `prim_path` and returns its handle.
  static uint32_t Retain(const SdfPath& prim_path) {
    alignas(SdfPath) unsigned char storage[sizeof(SdfPath)];
    new (storage) SdfPath(prim_path);  // not destroyed: this is the reference
    return UsdParquetPathHandles(prim_path).prim;
  }

  /// Gives back a reference taken by Retain.
  static void Release(uint32_t handle) {
    alignas(SdfPath) unsigned char storage[sizeof(SdfPath)] = {};
    std::memcpy(storage, &handle, sizeof(handle));
    std::launder(reinterpret_cast<SdfPath*>(storage))->~SdfPath();
  }
};

PXR_NAMESPACE_CLOSE_SCOPE
