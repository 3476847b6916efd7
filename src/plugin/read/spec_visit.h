#pragma once

/// \file
/// A walk over all specs of a file.

#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>

#include "plugin/read/source.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Visits every spec of `source` once, prims and their properties depth first and then the
/// residual's own specs. `data` is what the visitor is told that they belong to. False if the
/// visitor stopped.
bool UsdParquetVisitSpecs(const UsdParquetSource& source, const SdfAbstractData& data,
                          SdfAbstractDataSpecVisitor* visitor);

PXR_NAMESPACE_CLOSE_SCOPE
