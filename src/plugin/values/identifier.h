#pragma once

/// \file
/// OpenUSD's test for identifiers, as core takes it.

#include <pxr/pxr.h>
#include <pxr/usd/sdf/path.h>

#include <string>
#include <string_view>

PXR_NAMESPACE_OPEN_SCOPE

/// Whether a prim or a property may have that name. Thread-safe.
inline bool UsdParquetIsIdentifier(std::string_view name) {
  return SdfPath::IsValidIdentifier(std::string(name));
}

PXR_NAMESPACE_CLOSE_SCOPE
