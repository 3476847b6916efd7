#include "plugin/read/spec_visit.h"

#include <pxr/usd/sdf/schema.h>

PXR_NAMESPACE_OPEN_SCOPE

namespace {

/// Visits the specs of the table.
class TableWalk {
 public:
  TableWalk(const UsdParquetSource& source, const SdfAbstractData& data,
            SdfAbstractDataSpecVisitor* visitor)
      : source_(source), data_(data), visitor_(visitor) {}

  /// Visits a prim and all that is below it. False if the visitor stopped.
  bool Visit(const SdfPath& path, UsdParquetPrimTree::Step at) {
    if (!visitor_->VisitSpec(data_, path)) return false;
    const UsdParquetPrimTree& prims = source_.prims();
    // The index may be replaced while the walk goes on.
    const TfTokenVector properties = prims.Ask([&] {
      at = prims.Renewed(at, path);
      return source_.PropertyNames(at.prim);
    });
    for (const TfToken& name : properties) {
      if (!VisitProperty(path.AppendProperty(name))) return false;
    }
    const TfTokenVector children = prims.Ask([&] {
      at = prims.Renewed(at, path);
      return prims.HasChildren(at.prim) ? prims.ChildNames(at.prim) : TfTokenVector();
    });
    for (const TfToken& name : children) {
      const SdfPath child = path.AppendChild(name);
      if (!Visit(child, prims.Ask([&] { return prims.Child(at, child); }))) return false;
    }
    return true;
  }

 private:
  bool VisitProperty(const SdfPath& path) {
    if (!visitor_->VisitSpec(data_, path)) return false;
    VtValue targets;
    if (!source_.columns().has_relationships() ||
        !source_.Has(path, SdfChildrenKeys->RelationshipTargetChildren, &targets, nullptr)) {
      return true;
    }
    for (const SdfPath& target : targets.UncheckedGet<SdfPathVector>()) {
      if (!visitor_->VisitSpec(data_, path.AppendTarget(target))) return false;
    }
    return true;
  }

  const UsdParquetSource& source_;
  const SdfAbstractData& data_;
  SdfAbstractDataSpecVisitor* const visitor_;
};

/// Passes on the specs that only the residual has.
class ResidualVisitor final : public SdfAbstractDataSpecVisitor {
 public:
  ResidualVisitor(const UsdParquetSource& source, const SdfAbstractData& data,
                  SdfAbstractDataSpecVisitor* visitor)
      : source_(source), data_(data), visitor_(visitor) {}
  bool VisitSpec(const SdfAbstractData&, const SdfPath& path) override {
    went_on_ = !source_.IsOnlyInResidual(path) || visitor_->VisitSpec(data_, path);
    return went_on_;
  }
  void Done(const SdfAbstractData&) override {}
  bool went_on() const { return went_on_; }

 private:
  const UsdParquetSource& source_;
  const SdfAbstractData& data_;
  SdfAbstractDataSpecVisitor* const visitor_;
  bool went_on_ = true;
};

}  // namespace

bool UsdParquetVisitSpecs(const UsdParquetSource& source, const SdfAbstractData& data,
                          SdfAbstractDataSpecVisitor* visitor) {
  TableWalk walk(source, data, visitor);
  if (!walk.Visit(SdfPath::AbsoluteRootPath(), source.prims().Root())) return false;
  if (!source.residual()) return true;
  ResidualVisitor rest(source, data, visitor);
  source.residual()->VisitSpecs(&rest);
  return rest.went_on();
}

PXR_NAMESPACE_CLOSE_SCOPE
