#pragma once

/// \file
/// A layer without a file behind it: what OpenUSD itself charges for one more sublayer.

#include <pxr/base/tf/declarePtrs.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>

#include <array>
#include <string>

#include "scene.h"

PXR_NAMESPACE_OPEN_SCOPE

TF_DECLARE_WEAK_AND_REF_PTRS(BenchFloorData);

/// Answers from the path's two handles alone. The key of a prim's values is the handle of its
/// path, so no node of a path is read and nothing is looked up. Whatever path it is asked about
/// is there: a layer can't answer sooner. Only lists of children look at names.
///
/// Thread-safety: queries may come from any number of threads; there are no edits.
class BenchFloorData : public SdfAbstractData {
 public:
  /// Its columns start at `first_column` in kColumns: the table's, or those of the small scene.
  static BenchFloorDataRefPtr New(const usdparquet_bench::Scene& scene, size_t first_column);

  bool StreamsData() const override { return true; }
  bool IsEmpty() const override { return false; }

  bool HasSpec(const SdfPath& path) const override;
  SdfSpecType GetSpecType(const SdfPath& path) const override;
  bool Has(const SdfPath& path, const TfToken& field, SdfAbstractDataValue* value) const override;
  bool Has(const SdfPath& path, const TfToken& field, VtValue* value = nullptr) const override;
  bool HasSpecAndField(const SdfPath& path, const TfToken& field, SdfAbstractDataValue* value,
                       SdfSpecType* type) const override;
  bool HasSpecAndField(const SdfPath& path, const TfToken& field, VtValue* value,
                       SdfSpecType* type) const override;
  VtValue Get(const SdfPath& path, const TfToken& field) const override;
  std::vector<TfToken> List(const SdfPath& path) const override;

  // No time samples.
  std::set<double> ListAllTimeSamples() const override { return {}; }
  std::set<double> ListTimeSamplesForPath(const SdfPath&) const override { return {}; }
  bool GetBracketingTimeSamples(double, double*, double*) const override { return false; }
  size_t GetNumTimeSamplesForPath(const SdfPath&) const override { return 0; }
  bool GetBracketingTimeSamplesForPath(const SdfPath&, double, double*, double*) const override {
    return false;
  }
  bool QueryTimeSample(const SdfPath&, double, VtValue*) const override { return false; }
  bool QueryTimeSample(const SdfPath&, double, SdfAbstractDataValue*) const override {
    return false;
  }

  // No edits.
  void CreateSpec(const SdfPath& path, SdfSpecType) override { Refuse(path); }
  void EraseSpec(const SdfPath& path) override { Refuse(path); }
  void MoveSpec(const SdfPath& from, const SdfPath&) override { Refuse(from); }
  void Set(const SdfPath& path, const TfToken&, const VtValue&) override { Refuse(path); }
  void Set(const SdfPath& path, const TfToken&, const SdfAbstractDataConstValue&) override {
    Refuse(path);
  }
  void Erase(const SdfPath& path, const TfToken&) override { Refuse(path); }
  void SetTimeSample(const SdfPath& path, double, const VtValue&) override { Refuse(path); }
  void EraseTimeSample(const SdfPath& path, double) override { Refuse(path); }

 protected:
  void _VisitSpecs(SdfAbstractDataSpecVisitor* visitor) const override;

 private:
  static constexpr size_t kSlots = 128;
  static constexpr uint32_t kNoColumn = 0xffffffffu;
  struct Slot {
    uint32_t property_handle = 0;
    uint32_t column = kNoColumn;
  };

  BenchFloorData(const usdparquet_bench::Scene& scene, size_t first_column);

  /// What a path leads to.
  struct Location {
    SdfSpecType type;
    uint32_t column;  // for attributes
    uint32_t key;     // for attributes
  };

  Location Resolve(const SdfPath& path) const;
  template <typename Out>
  bool HasField(const SdfPath& path, const Location& at, const TfToken& field, Out* out) const;
  template <typename Out>
  bool HasPrimField(const SdfPath& path, const TfToken& field, Out* out) const;
  uint32_t ColumnOf(uint32_t property_handle) const;
  TfTokenVector ChildNames(const SdfPath& path) const;
  bool Visit(const SdfPath& path, SdfAbstractDataSpecVisitor* visitor) const;
  static void Refuse(const SdfPath& path);

  const usdparquet_bench::Scene scene_;
  const size_t row_depth_;  // elements of the path of a row's prim
  const uint32_t root_handle_;
  TfTokenVector property_names_;
  std::vector<TfToken> type_names_;  // by column of kColumns
  SdfPathVector held_;               // keeps the property handles from being reused
  std::array<Slot, kSlots> slots_;   // open addressing
};

PXR_NAMESPACE_CLOSE_SCOPE
