#include "plugin/edit/cell_patches.h"

#include <pxr/usd/sdf/schema.h>

#include <map>
#include <memory>

#include "plugin/values/column_builder.h"

PXR_NAMESPACE_OPEN_SCOPE

arrow::Result<std::optional<std::vector<usdparquet::ColumnPatch>>> UsdParquetCellPatches(
    const UsdParquetSource& source, const UsdParquetLayerEdits& edits) {
  std::map<size_t, std::map<uint32_t, const VtValue*>> cells;  // by column and row
  for (const auto& [path, spec] : edits) {
    // A spec that was touched, but not changed, is no edit.
    if (!spec.hides_file && spec.fields.empty() && spec.type != SdfSpecTypeUnknown) continue;
    if (spec.hides_file || spec.fields.size() != 1 ||
        spec.fields.front().first != SdfFieldKeys->Default) {
      return std::nullopt;
    }
    const auto cell = source.FindCell(path);
    const VtValue& value = spec.fields.front().second;
    // Where a null says "no property", an attribute without a value is no cell.
    if (!cell || (value.IsEmpty() && cell->is_sparse)) return std::nullopt;
    cells[cell->column][cell->row] = &value;
  }

  std::vector<usdparquet::ColumnPatch> patches;
  for (const auto& [column, rows] : cells) {
    const auto builder = UsdParquetColumnBuilder::Make(source.table().columns()[column].sdf_type);
    if (!builder) return std::nullopt;
    usdparquet::ColumnPatch patch;
    patch.column = column;
    for (const auto& [row, value] : rows) {
      if (!value->IsEmpty()) {
        if (!builder->CanHold(*value)) return std::nullopt;
        ARROW_RETURN_NOT_OK(builder->Append(static_cast<uint32_t>(patch.rows.size()), *value));
      }
      patch.rows.push_back(row);
    }
    ARROW_ASSIGN_OR_RAISE(patch.values, builder->Finish(static_cast<uint32_t>(patch.rows.size())));
    patches.push_back(std::move(patch));
  }
  return patches;
}

PXR_NAMESPACE_CLOSE_SCOPE
