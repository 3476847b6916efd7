#include "plugin/write/residual_builder.h"

#include <pxr/usd/sdf/schema.h>
#include <pxr/usd/sdf/types.h>

#include "plugin/values/exact_value.h"

PXR_NAMESPACE_OPEN_SCOPE

UsdParquetResidualBuilder::UsdParquetResidualBuilder(const SdfAbstractData& source)
    : source_(source), data_(TfCreateRefPtr(new SdfData)) {
  data_->CreateSpec(SdfPath::AbsoluteRootPath(), SdfSpecTypePseudoRoot);
}

void UsdParquetResidualBuilder::CopySpec(const SdfPath& path) {
  data_->CreateSpec(path, source_.GetSpecType(path));
  for (const TfToken& field : source_.List(path)) {
    data_->Set(path, field, UsdParquetToExact(source_.Get(path, field)));
  }
  is_empty_ = false;
}

void UsdParquetResidualBuilder::AddProperty(const SdfPath& path) {
  CopySpec(path);
  for (const TfToken& key :
       {SdfChildrenKeys->ConnectionChildren, SdfChildrenKeys->RelationshipTargetChildren}) {
    VtValue children;
    if (!source_.Has(path, key, &children) || !children.IsHolding<SdfPathVector>()) continue;
    for (const SdfPath& target : children.UncheckedGet<SdfPathVector>()) {
      const SdfPath child = path.AppendTarget(target);
      if (source_.HasSpec(child)) CopySpec(child);
    }
  }
}

void UsdParquetResidualBuilder::AddField(const SdfPath& path, const TfToken& field,
                                         const VtValue& value) {
  if (!data_->HasSpec(path)) data_->CreateSpec(path, SdfSpecTypePrim);
  data_->Set(path, field, UsdParquetToExact(value));
  is_empty_ = false;
}

void UsdParquetResidualBuilder::AddVariants() {
  class Visitor final : public SdfAbstractDataSpecVisitor {
   public:
    explicit Visitor(UsdParquetResidualBuilder* builder) : builder_(builder) {}
    bool VisitSpec(const SdfAbstractData&, const SdfPath& path) override {
      if (path.ContainsPrimVariantSelection()) builder_->CopySpec(path);
      return true;
    }
    void Done(const SdfAbstractData&) override {}

   private:
    UsdParquetResidualBuilder* const builder_;
  };
  Visitor visitor(this);
  source_.VisitSpecs(&visitor);
}

PXR_NAMESPACE_CLOSE_SCOPE
