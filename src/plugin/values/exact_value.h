#pragma once

/// \file
/// Values that a crate file would change, in a form that it keeps.

#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>

PXR_NAMESPACE_OPEN_SCOPE

/// Crate files store equal values once, and whole numbers as integers: in vectors, matrices,
/// quaternions, time codes and arrays a -0.0 becomes 0.0, or the other way round.
///
/// Returns `value` in a form without negative zeros if a crate file would lose any, else `value`
/// itself. Looks into dictionaries, time samples and references too. Units, paths and the
/// relocates of a prim, which crate files refuse, have such a form as well. The form is a
/// dictionary of `usdparquet:type` and `usdparquet:bytes` or, for these, `usdparquet:texts`.
VtValue UsdParquetToExact(const VtValue& value);

/// Turns what UsdParquetToExact returned back into the value that it was made of; leaves other
/// values as they are. Returns whether it changed anything.
bool UsdParquetFromExact(VtValue* value);

PXR_NAMESPACE_CLOSE_SCOPE
