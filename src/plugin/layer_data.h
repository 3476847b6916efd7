#pragma once

/// \file
/// The data of a Parquet layer: a thin adapter of usdparquet::Table to SdfAbstractData.

#include <pxr/base/tf/declarePtrs.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>

#include <memory>
#include <string>
#include <vector>

#include "core/table.h"
#include "plugin/format_arguments.h"
#include "plugin/prim_lookup.h"
#include "plugin/value_types.h"

PXR_NAMESPACE_OPEN_SCOPE

TF_DECLARE_WEAK_AND_REF_PTRS(UsdParquetLayerData);

/// Prims and attributes of a Parquet file, presented without ever being made.
///
/// `Resolve` finds what a path stands for, `HasField` is the one resolver of fields; all
/// queries are made of the two. Whatever asks a type, a list of properties or metadata reads no
/// page.
///
/// Thread-safety: queries may come from any number of threads. The data can't be edited:
/// every mutator raises an error and changes nothing.
class UsdParquetLayerData : public SdfAbstractData {
 public:
  static UsdParquetLayerDataRefPtr New(std::shared_ptr<usdparquet::Table> table,
                                       const SdfPath& prefix);
  ~UsdParquetLayerData() override;

  bool StreamsData() const override { return true; }
  bool IsEmpty() const override;

  bool HasSpec(const SdfPath& path) const override;
  SdfSpecType GetSpecType(const SdfPath& path) const override;
  void CreateSpec(const SdfPath& path, SdfSpecType type) override;
  void EraseSpec(const SdfPath& path) override;
  void MoveSpec(const SdfPath& from, const SdfPath& to) override;

  bool Has(const SdfPath& path, const TfToken& field, SdfAbstractDataValue* value) const override;
  bool Has(const SdfPath& path, const TfToken& field, VtValue* value = nullptr) const override;
  bool HasSpecAndField(const SdfPath& path, const TfToken& field, SdfAbstractDataValue* value,
                       SdfSpecType* type) const override;
  bool HasSpecAndField(const SdfPath& path, const TfToken& field, VtValue* value,
                       SdfSpecType* type) const override;
  VtValue Get(const SdfPath& path, const TfToken& field) const override;
  std::type_info const& GetTypeid(const SdfPath& path, const TfToken& field) const override;
  void Set(const SdfPath& path, const TfToken& field, const VtValue& value) override;
  void Set(const SdfPath& path, const TfToken& field,
           const SdfAbstractDataConstValue& value) override;
  void Erase(const SdfPath& path, const TfToken& field) override;
  std::vector<TfToken> List(const SdfPath& path) const override;

  std::set<double> ListAllTimeSamples() const override;
  std::set<double> ListTimeSamplesForPath(const SdfPath& path) const override;
  bool GetBracketingTimeSamples(double time, double* lower, double* upper) const override;
  size_t GetNumTimeSamplesForPath(const SdfPath& path) const override;
  bool GetBracketingTimeSamplesForPath(const SdfPath& path, double time, double* lower,
                                       double* upper) const override;
  bool QueryTimeSample(const SdfPath& path, double time, VtValue* value) const override;
  bool QueryTimeSample(const SdfPath& path, double time,
                       SdfAbstractDataValue* value) const override;
  void SetTimeSample(const SdfPath& path, double time, const VtValue& value) override;
  void EraseTimeSample(const SdfPath& path, double time) override;

 protected:
  void _VisitSpecs(SdfAbstractDataSpecVisitor* visitor) const override;

 private:
  /// A column as Sdf sees it.
  struct Property {
    TfToken name;
    TfToken type_name;
    const UsdParquetValueType* type;
    std::string display_name;  // empty unless the property's name had to be changed
    SdfPath path;              // some property of that name: keeps its handle from being reused
  };
  /// What a path stands for.
  struct Location {
    SdfSpecType type = SdfSpecTypeUnknown;
    usdparquet::PrimId prim;
    uint32_t column = 0;  // of attributes
    uint32_t row = 0;     // of attributes
  };

  UsdParquetLayerData(std::shared_ptr<usdparquet::Table> table, const SdfPath& prefix);

  Location Resolve(const SdfPath& path) const;
  static constexpr uint32_t kNoColumn = 0xffffffffu;
  uint32_t ColumnOf(uint32_t property_handle) const;

  template <typename Out>
  bool HasField(const Location& at, const TfToken& field, Out* out) const;
  template <typename Out>
  bool HasDefault(const Location& at, Out* out) const;
  bool HasChildren(usdparquet::PrimId prim) const;
  TfTokenVector ChildNames(usdparquet::PrimId prim) const;
  bool HasRow(usdparquet::PrimId prim) const;
  bool VisitPrims(const SdfPath& path, usdparquet::PrimId prim, uint64_t hash,
                  SdfAbstractDataSpecVisitor* visitor) const;
  void Refuse(const char* action, const SdfPath& path) const;

  const std::shared_ptr<usdparquet::Table> table_;
  UsdParquetPrimLookup prims_;
  std::vector<Property> properties_;
  TfTokenVector property_names_;
  /// Open addressing by property handle: column numbers, plus one; 0 is empty.
  std::vector<std::pair<uint32_t, uint32_t>> columns_by_handle_;
};

PXR_NAMESPACE_CLOSE_SCOPE
