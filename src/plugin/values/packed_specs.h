#pragma once

/// \file
/// Specs and their fields as bytes: a small residual, beside which a crate file is large and slow.

#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>

#include <optional>
#include <string>
#include <string_view>

PXR_NAMESPACE_OPEN_SCOPE

/// All of `data` as bytes, the same ones for the same content. Nothing if they would be more than
/// kUsdParquetMaxPacked, or if a value has no such form: then `data` has to become a crate file.
std::optional<std::string> UsdParquetPackSpecs(const SdfAbstractData& data);

/// The data that UsdParquetPackSpecs made the bytes of, in memory; null if it did not.
SdfAbstractDataRefPtr UsdParquetUnpackSpecs(std::string_view bytes);

PXR_NAMESPACE_CLOSE_SCOPE
