#pragma once

/// \file
/// Handing a value to whoever asked for it.
///
/// Sdf asks for a typed value (SdfAbstractDataValue) or for a VtValue. A null pointer only asks
/// whether there is a value.

#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>

#include <cstdint>
#include <utility>

#include "plugin/values/value_types.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Stores `value` into `out`, if that is not null. False if it is of another type than asked for.
template <typename T>
bool UsdParquetDeliver(T&& value, SdfAbstractDataValue* out) {
  return !out || out->StoreValue(std::forward<T>(value));
}
template <typename T>
bool UsdParquetDeliver(T&& value, VtValue* out) {
  if (out) *out = std::forward<T>(value);
  return true;
}

/// Stores cell `i` of `page` into `out`. False if it is of another type than asked for, or no value
/// of `type`.
/// REQUIRES: the cell has a value, and `out` is not null.
inline bool UsdParquetDeliverCell(const UsdParquetValueType& type, const usdparquet::Page& page,
                                  uint32_t i, SdfAbstractDataValue* out) {
  return type.store(type, page, i, out);
}
inline bool UsdParquetDeliverCell(const UsdParquetValueType& type, const usdparquet::Page& page,
                                  uint32_t i, VtValue* out) {
  *out = type.get(type, page, i);
  return !out->IsEmpty();
}

PXR_NAMESPACE_CLOSE_SCOPE
