#pragma once

/// \file
/// What edits add to the rows and columns of a dataset.

#include <arrow/result.h>
#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/path.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/schema/schema_entry.h"
#include "plugin/edit/layer_data.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Rows and cells that a dataset does not have yet.
struct UsdParquetAdditions {
  struct Row {
    SdfPath prim;
    std::optional<double> time;  ///< none: it has defaults
    bool is_new;                 ///< whether no file has it
    uint32_t part;               ///< the file that has it, or is to have it
  };
  struct Column {
    std::string name;               ///< of the leaf, `column:field` in a struct
    std::string top;                ///< of the column of the table that it is, or is a field of
    std::string sdf_type;           ///< of its cells
    bool is_new;                    ///< whether no file has it
    usdparquet::ColumnEntry entry;  ///< what a file that gets it says of it
    std::vector<std::pair<size_t, VtValue>> cells;  ///< the number of a row, and its new value
  };
  std::vector<Row> rows;
  std::vector<Column> columns;
};

/// The prims, properties, fields of prims and time samples that `edits`, some of those of `data`,
/// add to its dataset or set there. A new prim goes to the file in which the last of its siblings
/// begins, so that it comes after all of them; one without siblings to the file of its parent; a
/// sample to the file with the prim. Fails, with what can't be added and why, if it is something
/// else that was edited.
arrow::Result<UsdParquetAdditions> UsdParquetFindAdditions(const UsdParquetLayerData& data,
                                                           const UsdParquetLayerEdits& edits);

PXR_NAMESPACE_CLOSE_SCOPE
