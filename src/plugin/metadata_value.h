#pragma once

/// \file
/// Metadata values between Sdf and the footer.

#include <pxr/base/tf/token.h>
#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>

#include <optional>

#include "core/table_footer.h"

PXR_NAMESPACE_OPEN_SCOPE

/// A value as the footer keeps it, or nothing if it has no such form: it then goes to the residual.
std::optional<usdparquet::MetadataValue> UsdParquetToFooter(const VtValue& value);

/// The same back.
VtValue UsdParquetFromFooter(const usdparquet::MetadataValue& value);

PXR_NAMESPACE_CLOSE_SCOPE
