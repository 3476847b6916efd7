#pragma once

/// \file
/// Metadata values between Sdf and the footer.

#include <pxr/base/tf/token.h>
#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/schema/schema_entry.h"

PXR_NAMESPACE_OPEN_SCOPE

/// A value as the footer keeps it, or nothing if it has no such form: it then goes to the residual.
std::optional<usdparquet::MetadataValue> UsdParquetToFooter(const VtValue& value);

/// The same back.
VtValue UsdParquetFromFooter(const usdparquet::MetadataValue& value);

/// Fields of a spec of that type as the footer has them, those left out that Sdf has as something
/// else there: each with one warning, which begins with `where`.
std::vector<std::pair<TfToken, VtValue>> UsdParquetFieldsFromFooter(
    const usdparquet::MetadataFields& fields, SdfSpecType spec_type, const std::string& where);

PXR_NAMESPACE_CLOSE_SCOPE
