#pragma once

/// \file
/// The data of a layer that has no file yet.

#include <pxr/pxr.h>
#include <pxr/usd/sdf/data.h>
#include <pxr/usd/sdf/path.h>

PXR_NAMESPACE_OPEN_SCOPE

/// Specs in memory, as SdfData. They count as streamed, as those of a new USDC layer do: OpenUSD
/// then takes other content as it is and says that all was replaced, instead of spelling out the
/// difference.
class UsdParquetNewData final : public SdfData {
 public:
  /// The data of an empty layer.
  static SdfAbstractDataRefPtr New() {
    const auto data = TfCreateRefPtr(new UsdParquetNewData);
    data->CreateSpec(SdfPath::AbsoluteRootPath(), SdfSpecTypePseudoRoot);
    return data;
  }
  bool StreamsData() const override { return true; }
};

PXR_NAMESPACE_CLOSE_SCOPE
