#pragma once

/// \file
/// A Parquet file as specs and fields: its table, and the residual for what no table holds.

#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>
#include <pxr/usd/sdf/path.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <typeinfo>
#include <utility>
#include <vector>

#include "core/table/table.h"
#include "plugin/read/columns.h"
#include "plugin/read/format_arguments.h"
#include "plugin/read/path_handle.h"
#include "plugin/read/prim_tree.h"
#include "plugin/read/time_samples.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Prims and properties of a Parquet file, presented without ever being made.
///
/// `Resolve` finds what a path stands for, `HasField` is the one resolver of fields; all
/// queries are made of the two. A property comes whole from a column or whole from the residual; a
/// prim's fields come from the residual first, then from columns. Whatever asks for a type, a list
/// of properties or metadata reads no page, unless a null in the column means "no such property"
/// and the footer does not tell where nulls are; then it reads which cells are null, and no value.
///
/// Thread-safety: immutable; queries may come from any number of threads.
class UsdParquetSource {
 public:
  /// `colors`, if not null, gives the colours of a column of the table. `residual` is the data of
  /// the file's residual, or null.
  UsdParquetSource(std::shared_ptr<usdparquet::Table> table, const UsdParquetArguments& arguments,
                   std::shared_ptr<const usdparquet::ColorScale> colors,
                   SdfAbstractDataRefPtr residual);
  ~UsdParquetSource();

  const usdparquet::Table& table() const { return *table_; }
  const UsdParquetColumns& columns() const { return columns_; }
  const UsdParquetPrimTree& prims() const { return prims_; }
  /// What the footer says of the layer and its columns and Sdf has no place for: a sentence each.
  const std::vector<std::string>& left_out_metadata() const { return left_out_metadata_; }
  /// The data of the residual, or null.
  const SdfAbstractData* residual() const { return get_pointer(residual_); }

  bool HasSpec(const SdfPath& path) const;
  SdfSpecType GetSpecType(const SdfPath& path) const;
  /// Whether the table knows nothing of that spec. False if there is no residual.
  bool IsOnlyInResidual(const SdfPath& path) const;
  /// `Out` is SdfAbstractDataValue or VtValue; a null `value` only asks. `type`, if not null, is
  /// set to the spec's.
  template <typename Out>
  bool Has(const SdfPath& path, const TfToken& field, Out* value, SdfSpecType* type) const;
  /// Whether the path is that of a prim that does not have the field, if that can be told at once;
  /// then sets `type`, if not null, as Has does. Composing a stage asks each prim for some fifteen
  /// fields, of which a table has one or two.
  [[gnu::always_inline]] bool IsPrimWithout(const SdfPath& path, const TfToken& field,
                                            SdfSpecType* type) const {
    const UsdParquetPathHandles handles(path);
    if (handles.property != 0 || !has_only_properties_ || field == children_field_ ||
        field == specifier_field_ || field == properties_field_ ||
        !prims_.IsKnownPrim(handles.prim)) {
      return false;
    }
    if (type) *type = SdfSpecTypePrim;
    return true;
  }
  std::type_info const& GetTypeid(const SdfPath& path, const TfToken& field) const;
  std::vector<TfToken> List(const SdfPath& path) const;
  /// The names of a prim's properties that are columns. To be called within prims().Ask.
  TfTokenVector PropertyNames(usdparquet::PrimId prim) const;
  /// Whether a prim has such properties. To be called within prims().Ask.
  bool HasProperties(usdparquet::PrimId prim) const;

  /// The times of all samples; found when first asked for.
  const std::set<double>& AllTimes() const;
  /// The times of an attribute's samples, in order.
  std::vector<double> TimesOf(const SdfPath& path) const;
  // As in SdfAbstractData; see source_samples.cc.
  size_t GetNumTimeSamplesForPath(const SdfPath& path) const;
  bool GetBracketingTimeSamplesForPath(const SdfPath& path, double time, double* lower,
                                       double* upper) const;
  bool GetPreviousTimeSampleForPath(const SdfPath& path, double time, double* previous) const;
  template <typename Out>
  bool QueryTimeSample(const SdfPath& path, double time, Out* value) const;
  const std::type_info& QueryTimeSampleTypeid(const SdfPath& path, double time) const;

  /// Where the default value of an attribute is, or would be, if that is a cell of the table.
  struct Cell {
    const UsdParquetColumns::Property* property;
    uint32_t row;
    bool is_there;     ///< whether the attribute is
    bool has_samples;  ///< whether it is in rows with times too
  };
  /// Nothing if the attribute is, or would be, none of the table's.
  std::optional<Cell> FindCell(const SdfPath& attribute) const;
  /// The row with the defaults of a prim, or that with its samples at exactly `time`;
  /// UsdParquetTimeSamples::kNoRow if there is none.
  uint32_t RowAt(const SdfPath& prim, std::optional<double> time) const;
  /// The first row of a prim, or its only one; UsdParquetTimeSamples::kNoRow if it has none.
  uint32_t FirstRowOf(const SdfPath& prim) const;
  /// The path in a row. REQUIRES: the row has that of a prim, if any; no prefix; rows are not
  /// joined by ids.
  SdfPath PrimOf(uint32_t row) const;
  /// The properties of a prim, in order, if the columns and nothing else make them; else nothing.
  std::optional<TfTokenVector> ColumnPropertyNames(const SdfPath& prim) const;

 private:
  /// What a path stands for.
  struct Location {
    SdfSpecType type = SdfSpecTypeUnknown;
    bool is_residual = false;  // only the residual has the spec
    usdparquet::PrimId prim;
    // Set for properties that are columns:
    const UsdParquetColumns::Property* property = nullptr;
    uint32_t row = 0;  // the first one of the prim
  };

  // What asks the index is called within Table::Ask, by the public functions.
  Location Resolve(const SdfPath& path) const;
  /// As Resolve, but a property that is a column counts even where a null says that it is not
  /// there.
  Location Locate(const SdfPath& path) const;
  /// The column that makes a property, and the prim's first row there; null if none does. For the
  /// queries that are asked most: a call, and a Location that is kept in memory, would be a third
  /// of them.
  [[gnu::always_inline]] const UsdParquetColumns::Property* FindInColumns(
      const SdfPath& path, const UsdParquetPathHandles& handles, uint32_t* row) const {
    const UsdParquetColumns::Property* const property = columns_.Find(handles.property);
    if (!property) return nullptr;
    *row = prims_.RowOf(prims_.Find(path, handles.prim));
    return *row == usdparquet::PrimId::kNone ? nullptr : property;
  }
  /// The same, if it makes an attribute.
  [[gnu::always_inline]] const UsdParquetColumns::Property* FindAttributeColumn(
      const SdfPath& path, uint32_t* row) const {
    const auto* const property = FindInColumns(path, UsdParquetPathHandles(path), row);
    return property && property->spec_type == SdfSpecTypeAttribute ? property : nullptr;
  }
  /// Whether nulls leave a located property there.
  bool IsThere(const Location& at) const { return !at.property || IsThere(*at.property, at.row); }
  bool IsThere(const UsdParquetColumns::Property& property, uint32_t row) const {
    return !property.is_sparse || HasAnyCell(property.number, row);
  }
  /// The residual, if it and not the table has what was located at `path`; else null.
  const SdfAbstractData* ResidualOf(const Location& at) const;
  static bool IsAttributeColumn(const Location& at) {
    return at.property && at.type == SdfSpecTypeAttribute;
  }
  Location ResolvePrim(const SdfPath& path, uint32_t handle) const;
  Location ResolveResidual(const SdfPath& path) const;
  Location ResolveTarget(const SdfPath& path) const;
  std::type_info const& TypeOf(const SdfPath& path, const TfToken& field) const;
  std::vector<TfToken> FieldsOf(const SdfPath& path) const;
  /// Has, of a prim path.
  template <typename Out>
  bool HasInPrim(const SdfPath& path, uint32_t handle, const TfToken& field, Out* value,
                 SdfSpecType* type) const;
  /// Has, where a column has no value.
  template <typename Out>
  bool HasElsewhere(const SdfPath& path, const Location& at, const TfToken& field, Out* value,
                    SdfSpecType* type) const;
  template <typename Out>
  bool HasField(const SdfPath& path, const Location& at, const TfToken& field, Out* out) const;
  template <typename Out>
  bool HasPropertyField(const UsdParquetColumns::Property& property, uint32_t row,
                        const TfToken& field, Out* out) const;
  template <typename Out>
  bool HasTargets(const UsdParquetColumns::Property& relationship, uint32_t row,
                  const TfToken& field, Out* out) const;
  void WarnOfTimedTargets(const UsdParquetColumns::Property& relationship, uint32_t row) const;
  template <typename Out>
  bool HasResidualField(const SdfPath& path, const TfToken& field, Out* out) const;
  void AddColorTo(usdparquet::PrimId prim, VtValue* names) const;
  bool KeepChildrenWithSpecs(const SdfPath& path, const TfToken& field, VtValue* children) const;
  template <typename Out>
  bool HasRootField(const SdfPath& path, const TfToken& field, Out* out) const;
  template <typename Out>
  bool HasPrimField(const SdfPath& path, usdparquet::PrimId prim, const TfToken& field,
                    Out* out) const;

  void AddTimeFields(const UsdParquetArguments& arguments);
  /// Whether the column has a cell that is not null in any row of the prim whose first one is
  /// `row`.
  bool HasAnyCell(size_t column, uint32_t row) const {
    return table_->is_long() ? HasAnyCellOfMany(column, row) : !table_->IsNull(column, row);
  }
  bool HasAnyCellOfMany(size_t column, uint32_t row) const;
  /// Calls `f` with the columns that are properties of the prim, a bit each.
  template <typename F>
  auto WithProperties(uint32_t row, const F& f) const;

  const std::shared_ptr<usdparquet::Table> table_;
  const UsdParquetPrimTree prims_;
  const UsdParquetTimeSamples samples_;
  const UsdParquetColumns columns_;
  // At hand: OpenUSD's own cost each read a call.
  const TfToken default_field_;
  const TfToken children_field_;
  const TfToken properties_field_;
  const TfToken specifier_field_;
  std::vector<std::pair<TfToken, VtValue>> root_fields_;
  std::vector<std::string> left_out_metadata_;
  const SdfAbstractDataRefPtr residual_;
  const bool has_only_properties_;  // whether prims have no other fields, but a specifier
  mutable std::atomic<bool> has_warned_of_targets_ = false;
  mutable std::once_flag all_times_once_;
  mutable std::set<double> all_times_;  // if there is a residual
};

PXR_NAMESPACE_CLOSE_SCOPE
