#pragma once

/// \file
/// The data of a layer.

#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>
#include <pxr/usd/sdf/fileFormat.h>
#include <pxr/usd/sdf/layer.h>

PXR_NAMESPACE_OPEN_SCOPE

/// SdfFileFormat lets only formats get and set a layer's data. Never instantiated.
class UsdParquetLayerAccess : public SdfFileFormat {
 public:
  static SdfAbstractDataConstPtr Get(const SdfLayer& layer) { return _GetLayerData(layer); }
  static void Set(SdfLayer* layer, SdfAbstractDataRefPtr data) { _SetLayerData(layer, data); }
};

PXR_NAMESPACE_CLOSE_SCOPE
