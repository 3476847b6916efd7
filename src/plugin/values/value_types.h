#pragma once

/// \file
/// From decoded pages to the C++ types of Sdf values.

#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>

#include <cstdint>
#include <string_view>
#include <typeinfo>

#include "core/pages/page.h"

PXR_NAMESPACE_OPEN_SCOPE

/// How cells of one value type are handed to Sdf.
///
/// Both functions take the type itself, which may be part of something that they need to know.
struct UsdParquetValueType {
  /// The C++ type of the values.
  const std::type_info* type;
  /// Stores cell `i` of `page` into `value`. Returns false on a type mismatch, as StoreValue does,
  /// and where the cell is no value of the type. REQUIRES: the cell has a value.
  bool (*store)(const UsdParquetValueType& self, const usdparquet::Page& page, uint32_t i,
                SdfAbstractDataValue* value);
  /// Cell `i` of `page` as a VtValue; empty where it is no value of the type. REQUIRES: the cell
  /// has a value.
  VtValue (*get)(const UsdParquetValueType& self, const usdparquet::Page& page, uint32_t i);
};

/// How cells of the Sdf value type of that name, such as `color3f[]`, are handed to Sdf; null if
/// Sdf has no such type or the type has no values.
const UsdParquetValueType* UsdParquetFindValueType(std::string_view sdf_type);

PXR_NAMESPACE_CLOSE_SCOPE
