#pragma once

/// \file
/// The one table of value types. Reader, bindings, plugin and docs/mapping.md
/// all take the correspondence of stored values to Sdf type names from here.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/util/export.h"

namespace usdparquet {

/// The element kinds that a decoded page can hold, in their in-memory layout.
enum class Scalar : uint8_t {
  kBool,    ///< one byte, 0 or 1
  kUChar,   ///< uint8_t
  kInt,     ///< int32_t
  kUInt,    ///< uint32_t
  kInt64,   ///< int64_t
  kUInt64,  ///< uint64_t
  kHalf,    ///< IEEE 754 binary16 bits in a uint16_t
  kFloat,   ///< float
  kDouble,  ///< double
  kString,  ///< UTF-8 text
};

/// The shape of a property value: `tuple` scalars an element, and either one
/// element or an array of them.
struct ValueType {
  Scalar scalar = Scalar::kDouble;
  uint8_t tuple = 1;
  bool is_array = false;

  bool operator==(const ValueType&) const = default;
};

/// Bytes of one scalar in a decoded page; 0 for strings, which have no fixed size.
USDPARQUET_API size_t ScalarSize(Scalar scalar);

/// The Sdf type name of one element (`double`, `float3`, `matrix4d`), without
/// the `[]` of an array. Empty if Sdf has no type of that shape.
USDPARQUET_API std::string_view SdfElementTypeName(Scalar scalar, uint8_t tuple);

/// The full Sdf type name, such as `float3[]`.
USDPARQUET_API std::string SdfTypeName(const ValueType& type);

/// The shape of the values of any Sdf value type, the roles included (`color3f[]`, `token`,
/// `quatd`), or nothing if Sdf has no such type or the type has no values (`opaque`, `group`).
USDPARQUET_API std::optional<ValueType> ShapeOfSdfType(std::string_view sdf_type);

/// The scalar in which tuples of `scalar` are stored: Sdf has no matrix of
/// floats or halves, so their 9- and 16-tuples are widened to double.
/// Returns nothing if there is no Sdf type for that tuple.
USDPARQUET_API std::optional<Scalar> TupleStorage(Scalar scalar, uint8_t tuple);

}  // namespace usdparquet
