#include "plugin/format/layer_columns.h"

#include <pxr/base/vt/value.h>
#include <pxr/usd/sdf/path.h>
#include <pxr/usd/sdf/schema.h>

#include <atomic>

#include "core/pages/page_gather.h"
#include "core/util/guard.h"
#include "plugin/edit/layer_data.h"
#include "plugin/format/layer_access.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

/// Where fewer prims than one in so many rows are wanted, pages are read as they are needed.
constexpr size_t kMaxRowsPerPrim = 4;

std::atomic<uint64_t> g_next_serial{1};

/// The parent that a thread looked below last, in the table of the layer with that number.
struct LastParent {
  uint64_t serial = 0;
  SdfPath path;
  UsdParquetPrimTree::Step step;
};

/// Whether any text is to be evaluated: asset paths may be expressions, in backticks.
bool HasExpressions(const arrow::Array& cells) {
  if (const auto* lists = dynamic_cast<const arrow::ListArray*>(&cells)) {
    return HasExpressions(*lists->values());
  }
  const auto* texts = dynamic_cast<const arrow::StringArray*>(&cells);
  for (int64_t i = 0; texts && i < texts->length(); ++i) {
    if (texts->IsValid(i) && texts->GetView(i).starts_with('`')) return true;
  }
  return false;
}

}  // namespace

UsdParquetLayerColumns::UsdParquetLayerColumns(const SdfLayerRefPtr& layer,
                                               const TfTokenVector& names, size_t num_prims)
    : data_(UsdParquetLayerAccess::Get(*layer)),
      has_prims_(data_->Has(SdfPath::AbsoluteRootPath(), SdfChildrenKeys->PrimChildren,
                            static_cast<VtValue*>(nullptr))),
      serial_(g_next_serial++),
      columns_(names.size()) {
  const auto* const data = dynamic_cast<const UsdParquetLayerData*>(get_pointer(data_));
  if (!data || !data->edits().empty()) return;
  const usdparquet::Table& table = data->source().table();
  if (table.is_long() || table.is_dataset() || table.num_rows() / kMaxRowsPerPrim > num_prims) {
    return;
  }
  source_ = &data->source();
  for (const UsdParquetColumns::Property& property : source_->columns().properties()) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] != property.name) continue;
      columns_[i].property = &property;
      columns_[i].sdf_type = property.type_name.GetString();
    }
  }
}

UsdParquetLayerColumns::~UsdParquetLayerColumns() = default;

std::unique_ptr<UsdParquetColumnBuilder> UsdParquetLayerColumns::MakeBuilder(
    std::string_view sdf_type) {
  return UsdParquetColumnBuilder::Make(sdf_type);
}

uint32_t UsdParquetLayerColumns::RowAt(const SdfPath& path) const {
  if (!path.IsPrimPath() || path.ContainsPrimVariantSelection()) return usdparquet::PrimId::kNone;
  const UsdParquetPrimTree& prims = source_->prims();
  return prims.Ask([&] {
    // Siblings are mostly looked up one after the other.
    static thread_local LastParent last;
    const SdfPath parent = path.GetParentPath();
    if (last.serial != serial_ || last.path != parent) {
      last = {serial_, parent, prims.Root()};
      for (const SdfPath& above : parent.GetPrefixes()) last.step = prims.Child(last.step, above);
    }
    last.step = prims.Renewed(last.step, parent);
    return prims.RowOf(prims.Child(last.step, path).prim);
  });
}

void UsdParquetLayerColumns::Load(Column* column) const {
  const std::string& type = column->sdf_type;
  if (column->property->colors) return;  // they are no cells
  // Paths in expressions are those of the layer, and would have to be mapped.
  if (column->property->spec_type != SdfSpecTypeAttribute || type.starts_with("pathExpression")) {
    return;
  }
  const auto builder = UsdParquetColumnBuilder::Make(type);
  if (!builder) return;
  const usdparquet::Table& table = source_->table();
  auto cells = usdparquet::Guarded([&] {
    return usdparquet::ReadValues(table.Pages(), table.columns()[column->property->number],
                                  builder->type());
  });
  // OpenUSD meets what is damaged as well, and tells.
  if (!cells.ok() || !*cells) return;
  if (type.starts_with("asset") && HasExpressions(**cells)) return;
  column->cells = std::move(*cells);
}

PXR_NAMESPACE_CLOSE_SCOPE
