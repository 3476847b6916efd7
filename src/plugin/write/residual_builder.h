#pragma once

/// \file
/// Collects the parts of a layer that go to the residual.

#include <pxr/base/tf/token.h>
#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>
#include <pxr/usd/sdf/data.h>
#include <pxr/usd/sdf/path.h>

PXR_NAMESPACE_OPEN_SCOPE

/// Specs and fields of `source` that no column holds. Not thread-safe.
class UsdParquetResidualBuilder {
 public:
  explicit UsdParquetResidualBuilder(const SdfAbstractData& source);

  /// Copies a property, and its targets or connections.
  void AddProperty(const SdfPath& path);
  /// Sets a field of a prim or of the pseudo-root.
  void AddField(const SdfPath& path, const TfToken& field, const VtValue& value);
  /// Copies everything that lies in variants.
  void AddVariants();

  bool empty() const { return is_empty_; }
  const SdfAbstractDataRefPtr& data() const { return data_; }

 private:
  void CopySpec(const SdfPath& path);

  const SdfAbstractData& source_;
  SdfAbstractDataRefPtr data_;
  bool is_empty_ = true;
};

PXR_NAMESPACE_CLOSE_SCOPE
