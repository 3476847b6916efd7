#pragma once

/// \file
/// The prims of a stage, as its PcpCache has them.

#include <arrow/array.h>
#include <arrow/result.h>
#include <pxr/pxr.h>
#include <pxr/usd/pcp/cache.h>
#include <pxr/usd/sdf/path.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "core/util/raw_vector.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Prims in the order in which UsdStage::TraverseAll visits them.
struct UsdParquetStagePrims {
  usdparquet::RawVector<const PcpPrimIndex*> indexes;  ///< null: nothing is known of the prim
  std::shared_ptr<arrow::StringArray> paths;
  /// Whether the prim is an instance: what is in it is not here.
  std::vector<bool> is_instance;
  /// Whether the prim, or one above it, may have value clips; false if that was not asked.
  std::vector<bool> has_clips;
};

/// The prim at `top` and all below it; the pseudo-root itself is none. REQUIRES: the stage has no
/// population mask and a prim at `top`, which is in no instance; nobody edits meanwhile.
arrow::Result<UsdParquetStagePrims> UsdParquetFindPrims(const PcpCache& cache, const SdfPath& top,
                                                        bool needs_clips);

/// The prims at `paths`, in that order; an empty path is one of which nothing is known. REQUIRES:
/// the stage has a prim at each other path, which is in no instance; nobody edits meanwhile.
arrow::Result<UsdParquetStagePrims> UsdParquetPrimsAt(const PcpCache& cache,
                                                      const SdfPathVector& paths);

PXR_NAMESPACE_CLOSE_SCOPE
