#include "plugin/edit/lost_cells.h"

#include <pxr/usd/sdf/schema.h>

#include <optional>

PXR_NAMESPACE_OPEN_SCOPE

namespace {

using Spec = UsdParquetLayerEdits::Spec;

/// Whether the sample in `row` was set, or all samples of the attribute.
bool IsSampleReplaced(const UsdParquetSource& source, const Spec& spec, const SdfPath& attribute,
                      uint32_t row) {
  const VtValue* const samples = spec.Find(SdfFieldKeys->TimeSamples);
  if (!samples) return false;
  if (!samples->IsHolding<UsdParquetSampleList>()) return true;
  const auto& list = samples->UncheckedGet<UsdParquetSampleList>();
  if (!list.keeps_file_samples()) return true;
  for (size_t i = 0; i < list.times().size(); ++i) {
    if (!list.IsOfFile(i) && source.RowAt(attribute.GetPrimPath(), list.times()[i]) == row) {
      return true;
    }
  }
  return false;
}

/// Whether an edit took the place of the cell in `row` that a spec has in `field`, or, in a row
/// with a time, among its samples.
bool IsReplaced(const UsdParquetLayerData& data, const SdfPath& path, const TfToken& field,
                uint32_t row) {
  const Spec* const spec = data.edits().Find(path);
  // What was moved took along what the layer shows, and nothing else.
  if (!spec || data.edits().IsMoved(path)) return false;
  if (spec->hides_file) return true;
  const UsdParquetSource& source = data.source();
  if (source.RowAt(path.GetPrimPath(), std::nullopt) == row) return spec->Find(field) != nullptr;
  return IsSampleReplaced(source, *spec, path, row);
}

/// As UsdParquetFindLostCell, of one column. `spec_of(prim)` is the path of its spec there.
template <typename F>
arrow::Result<std::string> FindIn(const UsdParquetLayerData& data,
                                  const UsdParquetColumns::Column& column, const TfToken& field,
                                  const F& spec_of) {
  ARROW_ASSIGN_OR_RAISE(const auto cells, column.reader->UnpresentableCells());
  for (const usdparquet::UnpresentableCell& cell : cells) {
    const SdfPath prim = data.source().PrimOf(cell.row);
    if (prim.IsEmpty() || !IsReplaced(data, spec_of(prim), field, cell.row)) {
      return column.reader->Describe(cell);
    }
  }
  return std::string();
}

}  // namespace

arrow::Result<std::string> UsdParquetFindLostCell(const UsdParquetLayerData& data) {
  const UsdParquetColumns& columns = data.source().columns();
  for (const UsdParquetColumns::Property& property : columns.properties()) {
    const bool is_attribute = property.spec_type == SdfSpecTypeAttribute;
    ARROW_ASSIGN_OR_RAISE(
        std::string found,
        FindIn(data, property, is_attribute ? SdfFieldKeys->Default : SdfFieldKeys->TargetPaths,
               [&](const SdfPath& prim) { return prim.AppendProperty(property.name); }));
    if (!found.empty()) return found;
  }
  for (const UsdParquetColumns::PrimField& field : columns.prim_fields()) {
    ARROW_ASSIGN_OR_RAISE(std::string found, FindIn(data, field, field.field,
                                                    [](const SdfPath& prim) { return prim; }));
    if (!found.empty()) return found;
  }
  return std::string();
}

PXR_NAMESPACE_CLOSE_SCOPE
