#pragma once

/// \file
/// Reading the residual's data, whose values may be in the form of exact_value.h.

#include <pxr/base/vt/dictionary.h>
#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/abstractData.h>
#include <pxr/usd/sdf/listOp.h>
#include <pxr/usd/sdf/types.h>

#include <typeinfo>

#include "plugin/values/deliver.h"
#include "plugin/values/exact_value.h"

PXR_NAMESPACE_OPEN_SCOPE

/// Reads into a VtValue with `read(VtValue*)`; a null `out` only asks.
template <typename Read>
bool UsdParquetReadExact(const Read& read, VtValue* out) {
  if (!read(out)) return false;
  if (out) UsdParquetFromExact(out);
  return true;
}

/// Reads into a typed value with `read(out)`, or through a VtValue where the residual may hold the
/// value in another form.
template <typename Read>
bool UsdParquetReadExact(const Read& read, SdfAbstractDataValue* out) {
  VtValue value;
  if (!out) return read(static_cast<VtValue*>(nullptr));
  const bool has_values_inside = out->valueType == typeid(VtDictionary) ||
                                 out->valueType == typeid(SdfTimeSampleMap) ||
                                 out->valueType == typeid(SdfReferenceListOp);
  if (!has_values_inside) {
    if (read(out)) return true;
    if (!out->typeMismatch) return false;
  }
  return UsdParquetReadExact(read, &value) && UsdParquetDeliver(value, out);
}

/// As SdfAbstractData::Has.
template <typename Out>
bool UsdParquetResidualHas(const SdfAbstractData& data, const SdfPath& path, const TfToken& field,
                           Out* out) {
  return UsdParquetReadExact([&](auto* value) { return data.Has(path, field, value); }, out);
}

/// As SdfAbstractData::QueryTimeSample.
template <typename Out>
bool UsdParquetResidualSample(const SdfAbstractData& data, const SdfPath& path, double time,
                              Out* out) {
  return UsdParquetReadExact([&](auto* value) { return data.QueryTimeSample(path, time, value); },
                             out);
}

/// As SdfAbstractData::GetTypeid.
inline std::type_info const& UsdParquetResidualTypeid(const SdfAbstractData& data,
                                                      const SdfPath& path, const TfToken& field) {
  std::type_info const& type = data.GetTypeid(path, field);
  if (type != typeid(VtDictionary)) return type;
  VtValue value = data.Get(path, field);
  UsdParquetFromExact(&value);
  return value.GetTypeid();
}

/// As SdfAbstractData::QueryTimeSampleTypeid.
inline std::type_info const& UsdParquetResidualSampleTypeid(const SdfAbstractData& data,
                                                            const SdfPath& path, double time) {
  std::type_info const& type = data.QueryTimeSampleTypeid(path, time);
  if (type != typeid(VtDictionary)) return type;
  VtValue value;
  data.QueryTimeSample(path, time, &value);
  UsdParquetFromExact(&value);
  return value.GetTypeid();
}

PXR_NAMESPACE_CLOSE_SCOPE
