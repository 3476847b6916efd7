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

/// A value as the footer keeps it, or nothing if the footer can't: the value then goes to the
/// residual.
std::optional<usdparquet::MetadataValue> UsdParquetToFooter(const VtValue& value);

/// The value that the footer keeps, as Sdf holds it.
VtValue UsdParquetFromFooter(const usdparquet::MetadataValue& value);

/// The footer's metadata as fields of a spec of type `spec_type`, which is `owner` ("the layer",
/// "column 'cost'") of `file` to messages. A field that Sdf knows as something else there is left
/// out with one warning, and a sentence on what that loses is added to `left_out`.
std::vector<std::pair<TfToken, VtValue>> UsdParquetFieldsFromFooter(
    const usdparquet::MetadataFields& fields, SdfSpecType spec_type, const std::string& file,
    const std::string& owner, std::vector<std::string>* left_out);

PXR_NAMESPACE_CLOSE_SCOPE
