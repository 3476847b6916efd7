#pragma once

/// \file
/// The columns of a table as Sdf sees them: properties, and fields of prims.

#include <pxr/base/tf/token.h>
#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/path.h>
#include <pxr/usd/sdf/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/table/table.h"
#include "plugin/read/colors.h"
#include "plugin/values/deliver.h"
#include "plugin/values/value_types.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Every column of a table as a property or as a field of prims, found by the handle of a path or
/// by the name of the field, and the cells of each.
///
/// Thread-safety: immutable; all functions may be called from any number of threads.
class UsdParquetColumns {
 public:
  struct Column {
    size_t number;  ///< in table.columns()
    const UsdParquetValueType* type;
    usdparquet::ColumnReader* reader;
    /// Not null if what is presented is not the cells, but their colours.
    const UsdParquetColors* colors = nullptr;

    /// Whether the cell in `row` has a value, or a colour. Decodes nothing where the statistics
    /// tell.
    bool HasValue(uint32_t row) const {
      return colors ? colors->HasColor(*reader, row) : reader->HasValue(row);
    }
    /// Whether the statistics tell that every cell has one.
    bool IsFull() const { return (!colors || colors->scale->has_all()) && reader->IsFull(); }
  };
  /// A column that is a property.
  struct Property : Column {
    TfToken name;
    TfToken type_name;
    SdfSpecType spec_type;  ///< attribute or relationship
    SdfVariability variability;
    bool is_custom;
    bool is_sparse;  ///< whether a null says that the prim has no such property
    std::vector<std::pair<TfToken, VtValue>> metadata;
    bool has_own_display_name;  ///< whether the first of them is the name of the column
    SdfPath path;               ///< some property of that name: keeps its handle from being reused
  };
  /// A column that is a field of prims.
  struct PrimField : Column {
    TfToken field;
  };

  /// Warns of columns that can't be the prim fields that the file makes them. `scale` gives the
  /// colours that are one more property, behind all others; null if there are none.
  /// REQUIRES: `table` outlives this.
  UsdParquetColumns(usdparquet::Table& table, std::shared_ptr<const usdparquet::ColorScale> scale);
  UsdParquetColumns(const UsdParquetColumns&) = delete;
  UsdParquetColumns& operator=(const UsdParquetColumns&) = delete;

  /// In the order of the columns, the colours last.
  const std::vector<Property>& properties() const { return properties_; }
  /// The property of the colours, or null.
  const Property* color_property() const { return colors_ ? &properties_.back() : nullptr; }
  const std::vector<PrimField>& prim_fields() const { return prim_fields_; }
  /// The names of all properties.
  const TfTokenVector& property_names() const { return property_names_; }
  /// The names of the columns that can't be the prim fields that the file makes them.
  const std::vector<std::string>& left_out_fields() const { return left_out_fields_; }
  /// What the file says of its columns and Sdf has no place for: a sentence each.
  const std::vector<std::string>& left_out_metadata() const { return left_out_metadata_; }
  bool has_sparse() const { return has_sparse_; }
  /// The names of the properties whose columns have their bit set in `columns`, 64 a word.
  TfTokenVector NamesOf(std::span<const uint64_t> columns) const;
  bool has_relationships() const { return has_relationships_; }

  /// The property whose paths have that property handle (path_handle.h), or null.
  const Property* Find(uint32_t property_handle) const {
    size_t slot = SlotOf(property_handle);
    while (by_handle_[slot].handle != property_handle && by_handle_[slot].property) {
      slot = (slot + 1) & handle_mask_;
    }
    return by_handle_[slot].property;
  }

  /// Stores the cell of `column` in `row` into `out`, an SdfAbstractDataValue or a VtValue. False
  /// if the cell has no value, which makes it no opinion, or one of another type than asked for. A
  /// null `out` only asks, and decodes no page where the statistics tell. REQUIRES: row <
  /// num_rows(), or it is kNoRow.
  template <typename Out>
  [[gnu::always_inline]] bool HasCell(const Column& column, uint32_t row, Out* out) const {
    if (row == usdparquet::PrimTimes::kNoRow) return false;
    if (!out) return column.HasValue(row);
    usdparquet::EpochGuard guard;
    const usdparquet::Page* const page = column.reader->Fetch(row, guard);
    const uint32_t i = row - page->first_row;
    return page->IsPresent(i) && UsdParquetDeliverCell(*column.type, *page, i, out);
  }

  /// The targets of a relationship, from the cell in `row`. False if the cell has no value; a null
  /// `targets` only asks.
  bool HasTargets(const Property& relationship, uint32_t row, SdfPathVector* targets) const;

  /// The value of a prim's field, from the cell in `row`. False if the cell has none.
  bool HasFieldValue(const PrimField& field, uint32_t row, VtValue* value) const;

 private:
  struct Slot {
    uint32_t handle = 0;
    const Property* property = nullptr;  // null: the slot is empty
  };

  size_t SlotOf(uint32_t handle) const { return (handle >> 8) & handle_mask_; }
  void AddProperty(size_t number);
  void AddColors();
  void Keep(Property property);
  void AddPrimField(size_t number);

  usdparquet::Table& table_;
  const std::unique_ptr<const UsdParquetColors> colors_;
  std::vector<Property> properties_;
  std::vector<Slot> by_handle_;  // open addressing
  size_t handle_mask_ = 0;
  std::vector<PrimField> prim_fields_;
  std::vector<std::string> left_out_fields_;
  std::vector<std::string> left_out_metadata_;
  TfTokenVector property_names_;
  TfTokenVector names_by_column_;  // empty for columns that are no properties
  bool has_sparse_ = false;
  bool has_relationships_ = false;
};

PXR_NAMESPACE_CLOSE_SCOPE
