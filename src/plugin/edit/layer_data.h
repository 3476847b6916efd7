#pragma once

/// \file
/// The data of a Parquet layer: a file, read on demand, and the edits over it.

#include <pxr/base/tf/declarePtrs.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>

#include <memory>
#include <string>
#include <vector>

#include "plugin/edit/all_times.h"
#include "plugin/edit/layer_edits.h"
#include "plugin/edit/sample_list.h"
#include "plugin/read/source.h"

PXR_NAMESPACE_OPEN_SCOPE

TF_DECLARE_WEAK_AND_REF_PTRS(UsdParquetLayerData);

/// The prims and properties of a Parquet file, edited in memory.
///
/// Queries ask the edits first, where there are any, and then the file. Edits are kept spec by
/// spec and field by field; the file stays as it is until the layer is saved.
///
/// Thread-safety: as SdfData's. Queries may come from any number of threads while nobody edits.
class UsdParquetLayerData : public SdfAbstractData {
 public:
  static UsdParquetLayerDataRefPtr New(std::shared_ptr<const UsdParquetSource> source);
  ~UsdParquetLayerData() override;

  const UsdParquetSource& source() const { return *source_; }
  const UsdParquetLayerEdits& edits() const { return edits_; }
  /// A prim of the file that is in no list of children any more, though nobody erased it: the list
  /// was edited while a damaged index told another one. Empty if there is none.
  SdfPath FindLostChild() const;
  /// Replaces the old file and the edits by the file that the layer was just saved to.
  void Rebase(std::shared_ptr<const UsdParquetSource> source);

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
  bool GetPreviousTimeSampleForPath(const SdfPath& path, double time,
                                    double* previous) const override;
  bool QueryTimeSample(const SdfPath& path, double time, VtValue* value) const override;
  bool QueryTimeSample(const SdfPath& path, double time,
                       SdfAbstractDataValue* value) const override;
  const std::type_info& QueryTimeSampleTypeid(const SdfPath& path, double time) const override;
  void SetTimeSample(const SdfPath& path, double time, const VtValue& value) override;
  void EraseTimeSample(const SdfPath& path, double time) override;

 protected:
  void _VisitSpecs(SdfAbstractDataSpecVisitor* visitor) const override;

 private:
  explicit UsdParquetLayerData(std::shared_ptr<const UsdParquetSource> source);

  template <typename Out>
  bool HasField(const SdfPath& path, const TfToken& field, Out* out, SdfSpecType* type) const;
  template <typename Out>
  bool HasEditedField(const UsdParquetLayerEdits::Spec& spec, const SdfPath& path,
                      const TfToken& field, Out* out, SdfSpecType* type) const;
  template <typename Out>
  bool HasSample(const SdfPath& path, double time, Out* out) const;
  UsdParquetLayerEdits::Spec& Edit(const SdfPath& path);
  UsdParquetLayerEdits::Spec* EditedSpec(const SdfPath& path);
  void SetField(const SdfPath& path, UsdParquetLayerEdits::Spec* spec, const TfToken& field,
                const VtValue& value);

  // See layer_data_samples.cc.
  const UsdParquetSampleList* FindEditedSamples(const SdfPath& path) const;
  SdfTimeSampleMap WholeSamples(const SdfPath& path, const UsdParquetSampleList& edited) const;
  VtValue* SamplesToEdit(const SdfPath& path);
  void AddTimes(const SdfPath& path);
  void ForgetTimes(const SdfPath& path);
  UsdParquetAllTimes::Counts CountTimes() const;

  std::shared_ptr<const UsdParquetSource> source_;
  UsdParquetLayerEdits edits_;
  UsdParquetAllTimes all_times_;
};

PXR_NAMESPACE_CLOSE_SCOPE
