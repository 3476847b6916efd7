#pragma once

/// \file
/// Attributes of all prims of a stage, resolved without UsdStage as far as that is exact.

#include <arrow/array.h>
#include <arrow/result.h>
#include <pxr/base/tf/token.h>
#include <pxr/pxr.h>
#include <pxr/usd/pcp/cache.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "plugin/resolve/stage_prims.h"

PXR_NAMESPACE_OPEN_SCOPE

/// How the value of a prim was found.
enum class UsdParquetFound : uint8_t {
  kNothing,  ///< there is no value
  kWhole,    ///< in a column of a table that was taken whole
  kSingle,   ///< in a field of a layer
  kAsk,      ///< it was not: UsdAttribute::Get has to be asked
};

/// What to resolve.
struct UsdParquetWanted {
  TfTokenVector names;  ///< of the attributes
  /// Whether a prim with a type can have a value of that name from its schema.
  std::vector<bool> can_fall_back;
  /// Whether the time is the default one; if not, it may be any other.
  bool is_default_time = true;
};

/// One attribute of all prims.
struct UsdParquetResolvedColumn {
  std::shared_ptr<arrow::Array> cells;  ///< null where no value was found; of type null if none was
  std::shared_ptr<arrow::UInt8Array> found;  ///< a UsdParquetFound each
};

/// Resolves attributes as UsdAttribute::Get does: the strongest opinion, by Pcp's order of nodes
/// and layers. What else Get takes into account is left for it (kAsk): time samples, splines and
/// value clips at other times than the default, values to be mapped or scaled, fallbacks, edits of
/// arrays, and values of another type than the column has so far.
///
/// Reads in several threads. Lets go of the indexes of `prims` when they are not needed any more.
/// REQUIRES: as UsdParquetFindPrims; the GIL is not held.
arrow::Result<std::vector<UsdParquetResolvedColumn>> UsdParquetResolveColumns(
    const PcpCache& cache, UsdParquetStagePrims* prims, const UsdParquetWanted& wanted);

PXR_NAMESPACE_CLOSE_SCOPE
