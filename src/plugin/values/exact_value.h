#pragma once

/// \file
/// Values that a crate file would change, in a form that it keeps.

#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>

PXR_NAMESPACE_OPEN_SCOPE

/// Crate files store equal values once, and whole numbers as integers: in vectors, matrices,
/// quaternions, time codes and arrays a -0.0 becomes 0.0, or a 0.0 the other.
///
/// Gives `value` in a form without negative zeros, if it has any where a crate file would lose
/// them; else `value` itself. Looks into dictionaries, time samples and references too. Units and
/// the relocates of a prim, which crate files refuse, have such a form as well. It is a dictionary
/// of `usdparquet:type` and `usdparquet:bytes` or, for the latter, `usdparquet:texts`.
VtValue UsdParquetToExact(const VtValue& value);

/// Turns a value that UsdParquetToExact gave into what it was; leaves others as they are. Returns
/// whether there was something to turn.
bool UsdParquetFromExact(VtValue* value);

PXR_NAMESPACE_CLOSE_SCOPE
