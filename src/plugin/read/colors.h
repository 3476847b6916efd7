#pragma once

/// \file
/// The colours of a column as values of `primvars:displayColor`.

#include <pxr/base/gf/vec3f.h>
#include <pxr/base/vt/array.h>
#include <pxr/pxr.h>

#include <memory>
#include <vector>

#include "core/color/color_scale.h"
#include "core/table/table.h"
#include "plugin/values/value_types.h"

PXR_NAMESPACE_OPEN_SCOPE

/// How cells of the column of a scale are handed to Sdf: as an array of one linear colour.
///
/// Values that have the same colour share one array. Thread-safety: immutable.
struct UsdParquetColors : UsdParquetValueType {
  explicit UsdParquetColors(std::shared_ptr<const usdparquet::ColorScale> color_scale);

  /// Whether the cell of the column in `row` has a colour.
  bool HasColor(usdparquet::ColumnReader& reader, uint32_t row) const {
    if (scale->has_all()) return reader.HasValue(row);
    usdparquet::EpochGuard guard;
    const usdparquet::Page* const page = reader.Fetch(row, guard);
    const uint32_t i = row - page->first_row;
    return page->IsPresent(i) && scale->Find(*page, i) != usdparquet::ColorScale::kNone;
  }

  const std::shared_ptr<const usdparquet::ColorScale> scale;
  std::vector<VtVec3fArray> values;  ///< for each colour of the ramp
};

PXR_NAMESPACE_CLOSE_SCOPE
