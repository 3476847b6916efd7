#pragma once

/// \file
/// Texts that a crate file can't hold.

#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>

#include <string>

PXR_NAMESPACE_OPEN_SCOPE

/// The first field of `data` with a U+0000 in a text, as `</A.s> in its field 'default'`; empty if
/// there is none. OpenUSD's crate files keep texts end to end, with such a character between them:
/// a text that has one moves all that come after it. Thread-safe.
std::string UsdParquetFindNulText(const SdfAbstractData& data);

PXR_NAMESPACE_CLOSE_SCOPE
