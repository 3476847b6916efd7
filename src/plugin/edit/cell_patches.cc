#include "plugin/edit/cell_patches.h"

#include <pxr/usd/sdf/schema.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "plugin/values/column_builder.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

using Property = UsdParquetColumns::Property;
using Spec = UsdParquetLayerEdits::Spec;

/// Collects edits as cells, as long as they are nothing else.
class CellEdits {
 public:
  explicit CellEdits(const UsdParquetSource& source) : source_(source) {}

  /// Cells by column and row; an empty value is a null.
  using Cells = std::map<size_t, std::map<uint32_t, const VtValue*>>;
  const Cells& cells() const { return cells_; }

  /// If set, cells for which it is false are none.
  std::function<bool(size_t column, uint32_t row)> has_cell;

  bool Add(const SdfPath& path, const Spec& spec) {
    // A spec that was touched, but not changed, is no edit.
    if (!spec.hides_file && spec.fields.empty() && spec.type != SdfSpecTypeUnknown) return true;
    if (path.IsPrimPath()) return AddPropertyList(path, spec);
    const auto cell = source_.FindCell(path);
    if (!cell || (has_cell && !has_cell(cell->property->number, cell->row))) return false;
    if (!spec.hides_file) return AddValue(*cell, spec);
    return spec.type == SdfSpecTypeUnknown ? AddRemoved(path, *cell) : AddMade(path, *cell, spec);
  }

  /// Whether the properties of each prim are those that its cells will make, in an order that the
  /// file keeps.
  bool AreListsKept() const {
    for (const auto& [prim, changes] : changes_) {
      if (!IsListKept(prim, changes)) return false;
    }
    return true;
  }

 private:
  /// What was edited in the properties of a prim.
  struct Changes {
    const VtValue* names = nullptr;  // the list of all, if it was set
    std::vector<const Property*> made;
    std::vector<const Property*> removed;
  };

  bool AddPropertyList(const SdfPath& prim, const Spec& spec) {
    if (spec.hides_file || spec.type != SdfSpecTypePrim || spec.fields.size() != 1 ||
        spec.fields.front().first != SdfChildrenKeys->PropertyChildren) {
      return false;
    }
    changes_[prim].names = &spec.fields.front().second;
    return true;
  }

  /// A value that was set or cleared.
  bool AddValue(const UsdParquetSource::Cell& cell, const Spec& spec) {
    if (!cell.is_there || spec.fields.size() != 1 ||
        spec.fields.front().first != SdfFieldKeys->Default) {
      return false;
    }
    const VtValue& value = spec.fields.front().second;
    // Where a null says "no property", an attribute without a value is no cell.
    if (value.IsEmpty() && cell.property->is_sparse) return false;
    cells_[cell.property->number][cell.row] = &value;
    return true;
  }

  /// An attribute of the file that was removed: its cell becomes null.
  bool AddRemoved(const SdfPath& path, const UsdParquetSource::Cell& cell) {
    static const auto* const kNull = new VtValue();
    if (!cell.is_there || cell.has_samples || !cell.property->is_sparse) return false;
    cells_[cell.property->number][cell.row] = kNull;
    changes_[path.GetPrimPath()].removed.push_back(cell.property);
    return true;
  }

  /// An attribute that was made, or made anew, with a value: its cell makes it, if it is declared
  /// as the column is.
  bool AddMade(const SdfPath& path, const UsdParquetSource::Cell& cell, const Spec& spec) {
    if (spec.type != SdfSpecTypeAttribute || cell.has_samples) return false;
    const VtValue* const value = spec.Find(SdfFieldKeys->Default);
    if (!value || value->IsEmpty() || !IsDeclaredAs(*cell.property, spec)) return false;
    cells_[cell.property->number][cell.row] = value;
    if (!cell.is_there) changes_[path.GetPrimPath()].made.push_back(cell.property);
    return true;
  }

  static bool IsDeclaredAs(const Property& property, const Spec& spec) {
    std::vector<std::pair<TfToken, VtValue>> declared = property.metadata;
    declared.emplace_back(SdfFieldKeys->TypeName, property.type_name);
    declared.emplace_back(SdfFieldKeys->Variability, property.variability);
    declared.emplace_back(SdfFieldKeys->Custom, property.is_custom);
    for (const auto& [name, value] : spec.fields) {
      if (name == SdfFieldKeys->Default || value.IsEmpty()) continue;
      const auto is_alike = [&](const auto& field) {
        return field.first == name && field.second == value;
      };
      if (std::none_of(declared.begin(), declared.end(), is_alike)) return false;
    }
    return std::all_of(declared.begin(), declared.end(), [&](const auto& field) {
      const VtValue* const value = spec.Find(field.first);
      if (value && !value->IsEmpty()) return true;
      // The column's own name, where the property's had to be another, is nothing to be set.
      return field.second == SdfSchema::GetInstance().GetFallback(field.first) ||
             (property.has_own_display_name && field.first == SdfFieldKeys->DisplayName);
    });
  }

  bool IsListKept(const SdfPath& prim, const Changes& changes) const {
    const auto before = source_.ColumnPropertyNames(prim);
    if (!before) return false;
    TfTokenVector after;
    // Colours come and go with the cells, and are not in the file.
    const Property* const colors = source_.columns().color_property();
    const auto without_colors = [&](TfTokenVector list) {
      if (colors) std::erase(list, colors->name);
      return list;
    };
    const auto has = [](const auto& list, const auto& item) {
      return std::find(list.begin(), list.end(), item) != list.end();
    };
    for (const Property& property : source_.columns().properties()) {
      if (property.colors) continue;
      if (has(changes.made, &property) ||
          (has(*before, property.name) && !has(changes.removed, &property))) {
        after.push_back(property.name);
      }
    }
    TfTokenVector names = without_colors(*before);
    if (changes.names) {
      names.clear();
      if (changes.names->IsHolding<TfTokenVector>()) {
        names = without_colors(changes.names->UncheckedGet<TfTokenVector>());
      }
    }
    // In a table the columns are the order, and a property that was made comes to its place when
    // the layer is saved. A whole layer keeps the order that it was given.
    if (source_.table().schema_entry().is_exact) return names == after;
    return std::is_permutation(names.begin(), names.end(), after.begin(), after.end());
  }

  const UsdParquetSource& source_;
  Cells cells_;
  std::map<SdfPath, Changes> changes_;  // by prim
};

using Patches = std::vector<usdparquet::ColumnPatch>;

arrow::Result<std::optional<Patches>> MakePatches(const UsdParquetSource& source,
                                                  const CellEdits::Cells& cells) {
  Patches patches;
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

}  // namespace

arrow::Result<std::optional<Patches>> UsdParquetCellPatches(const UsdParquetSource& source,
                                                            const UsdParquetLayerEdits& edits) {
  CellEdits collected(source);
  for (const auto& [path, spec] : edits) {
    if (!collected.Add(path, spec)) return std::nullopt;
  }
  if (!collected.AreListsKept()) return std::nullopt;
  return MakePatches(source, collected.cells());
}

arrow::Result<std::optional<Patches>> UsdParquetCellPatches(
    const UsdParquetSource& source, const UsdParquetLayerEdits& edits,
    const std::function<bool(size_t column, uint32_t row)>& has_cell, UsdParquetLayerEdits* rest) {
  CellEdits collected(source);
  collected.has_cell = has_cell;
  for (const auto& [path, spec] : edits) {
    if (!collected.Add(path, spec)) (*rest)[path] = spec;
  }
  return MakePatches(source, collected.cells());
}

PXR_NAMESPACE_CLOSE_SCOPE
