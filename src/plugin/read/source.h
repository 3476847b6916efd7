#pragma once

/// \file
/// A Parquet file as specs and fields: its table, and the residual for what no table holds.

#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/path.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/table/table.h"
#include "plugin/read/format_arguments.h"
#include "plugin/read/prim_lookup.h"
#include "plugin/read/time_samples.h"
#include "plugin/values/value_types.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Prims and properties of a Parquet file, presented without ever being made.
///
/// `Resolve` finds what a path stands for, `HasField` is the one resolver of fields; all
/// queries are made of the two. A property is either a column's or the residual's, whole; a prim's
/// fields come from the residual first, then from columns. Whatever asks a type, a list of
/// properties or metadata reads no page, unless a null in the column means "no such property".
///
/// Thread-safety: immutable; queries may come from any number of threads.
class UsdParquetSource {
 public:
  /// `residual` is the opened residual of the file, or null; its data is `residual_data`.
  UsdParquetSource(std::shared_ptr<usdparquet::Table> table, const UsdParquetArguments& arguments,
                   SdfLayerRefPtr residual, SdfAbstractDataConstPtr residual_data);
  ~UsdParquetSource();

  const usdparquet::Table& table() const { return *table_; }
  /// Columns that can't be the prim fields that the footer makes them.
  const std::vector<std::string>& left_out_fields() const { return left_out_fields_; }

  bool HasSpec(const SdfPath& path) const;
  SdfSpecType GetSpecType(const SdfPath& path) const;
  /// `Out` is SdfAbstractDataValue or VtValue; a null `value` only asks. `type`, if not null, is
  /// set to the spec's.
  template <typename Out>
  bool Has(const SdfPath& path, const TfToken& field, Out* value, SdfSpecType* type) const;
  std::type_info const& GetTypeid(const SdfPath& path, const TfToken& field) const;
  std::vector<TfToken> List(const SdfPath& path) const;

  std::set<double> ListAllTimeSamples() const;
  std::set<double> ListTimeSamplesForPath(const SdfPath& path) const;
  bool GetBracketingTimeSamples(double time, double* lower, double* upper) const;
  size_t GetNumTimeSamplesForPath(const SdfPath& path) const;
  bool GetBracketingTimeSamplesForPath(const SdfPath& path, double time, double* lower,
                                       double* upper) const;
  bool GetPreviousTimeSampleForPath(const SdfPath& path, double time, double* previous) const;
  template <typename Out>
  bool QueryTimeSample(const SdfPath& path, double time, Out* value) const;
  const std::type_info& QueryTimeSampleTypeid(const SdfPath& path, double time) const;

  /// Where the default value of an attribute is, if that is a cell of the table.
  struct Cell {
    size_t column;
    uint32_t row;
    bool is_sparse;  // whether a null there says that there is no such attribute
  };
  std::optional<Cell> FindCell(const SdfPath& attribute) const;

  /// Visits every spec once, `data` being what the visitor is told of. False if it stopped.
  bool Visit(const SdfAbstractData& data, SdfAbstractDataSpecVisitor* visitor) const;

 private:
  /// A column that is a property, as Sdf sees it.
  struct Property {
    size_t column;
    TfToken name;
    TfToken type_name;
    const UsdParquetValueType* type;
    SdfSpecType spec_type;  // attribute or relationship
    SdfVariability variability;
    bool is_custom;
    bool is_sparse;
    std::vector<std::pair<TfToken, VtValue>> metadata;
    SdfPath path;  // some property of that name: keeps its handle from being reused
  };
  /// A column that is a field of prims.
  struct PrimField {
    size_t column;
    TfToken field;
    const UsdParquetValueType* type;
  };
  /// What a path stands for.
  struct Location {
    SdfSpecType type = SdfSpecTypeUnknown;
    bool is_residual = false;  // the spec is the residual's alone
    usdparquet::PrimId prim;
    uint32_t property = 0;  // of a column's property
    uint32_t row = 0;       // of a column's property; the first one of the prim
  };
  static constexpr uint32_t kNoProperty = 0xffffffffu;

  void AddProperty(size_t column);
  void AddPrimField(size_t column);
  void AddTimeFields(const UsdParquetArguments& arguments);
  uint32_t PropertyOf(uint32_t property_handle) const;

  Location Resolve(const SdfPath& path) const;
  Location ResolveResidual(const SdfPath& path) const;
  Location ResolveTarget(const SdfPath& path) const;
  template <typename Out>
  bool HasField(const SdfPath& path, const Location& at, const TfToken& field, Out* out) const;
  template <typename Out>
  bool HasPropertyField(const Location& at, const TfToken& field, Out* out) const;
  template <typename Out>
  bool HasTargets(const Location& at, const TfToken& field, Out* out) const;
  template <typename Out>
  bool HasRootField(const SdfPath& path, const TfToken& field, Out* out) const;
  template <typename Out>
  bool HasPrimField(const SdfPath& path, const Location& at, const TfToken& field, Out* out) const;
  template <typename Out>
  bool HasCell(size_t column, const UsdParquetValueType& type, uint32_t row, Out* out) const;

  /// Whether any row of the prim whose first one is `row` has a value in the column.
  bool HasAnyValue(size_t column, uint32_t row) const;
  bool HasRow(usdparquet::PrimId prim) const;
  bool HasChildren(usdparquet::PrimId prim) const;
  TfTokenVector ChildNames(usdparquet::PrimId prim) const;
  TfTokenVector PropertyNames(usdparquet::PrimId prim) const;
  bool VisitPrims(const SdfAbstractData& data, const SdfPath& path, usdparquet::PrimId prim,
                  uint64_t hash, SdfAbstractDataSpecVisitor* visitor) const;

  const std::shared_ptr<usdparquet::Table> table_;
  UsdParquetPrimLookup prims_;
  const UsdParquetTimeSamples samples_;
  std::vector<Property> properties_;
  std::vector<PrimField> prim_fields_;
  std::vector<std::string> left_out_fields_;
  std::vector<std::pair<TfToken, VtValue>> root_fields_;
  TfTokenVector property_names_;
  bool has_sparse_ = false;
  bool has_relationships_ = false;
  /// Open addressing by property handle: property numbers, plus one; 0 is empty.
  std::vector<std::pair<uint32_t, uint32_t>> properties_by_handle_;
  const SdfLayerRefPtr residual_layer_;
  const SdfAbstractDataConstPtr residual_;
};

PXR_NAMESPACE_CLOSE_SCOPE
