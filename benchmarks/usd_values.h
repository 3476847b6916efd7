#pragma once

/// \file
/// The values of the benchmark in the types that Sdf reads them into, and their digests.

#include <pxr/base/gf/vec3f.h>
#include <pxr/base/vt/array.h>
#include <pxr/pxr.h>

#include <bit>
#include <cstring>
#include <string>

#include "values.h"

namespace usdparquet_bench {

/// Calls `visit` with the value of a cell, in its type.
template <typename Visit>
void WithValue(uint64_t key, size_t column, Visit&& visit) {
  switch (kColumns[column].kind) {
    case Kind::kDouble:
      return visit(DoubleValue(key, column));
    case Kind::kInt:
      return visit(static_cast<int>(IntValue(key, column)));
    case Kind::kBool:
      return visit(BoolValue(key, column));
    case Kind::kString:
      return visit(StringValue(key, column));
    case Kind::kFloat3:
      return visit(PXR_NS::GfVec3f(FloatElement(key, column, 0), FloatElement(key, column, 1),
                                   FloatElement(key, column, 2)));
    case Kind::kFloatArray: {
      PXR_NS::VtArray<float> array(ArraySize(key));
      float* const elements = array.data();
      for (size_t i = 0; i < array.size(); ++i) elements[i] = FloatElement(key, column, i);
      return visit(array);
    }
  }
}

// A digest is what a timed loop adds up of the values it reads: cheap, and different enough
// that another value, or no value, is seen in the sum.
inline uint64_t Digest(double value) { return std::bit_cast<uint64_t>(value); }
inline uint64_t Digest(float value) { return std::bit_cast<uint32_t>(value); }
inline uint64_t Digest(int value) { return static_cast<uint64_t>(value) + (uint64_t{1} << 40); }
inline uint64_t Digest(bool value) { return value ? 0x10001 : 1; }
inline uint64_t Digest(const std::string& value) {
  uint64_t tail = 0;
  const size_t count = value.size() < sizeof(tail) ? value.size() : sizeof(tail);
  std::memcpy(&tail, value.data() + value.size() - count, count);
  return tail + value.size();
}
inline uint64_t Digest(const PXR_NS::GfVec3f& value) {
  return Digest(value[0]) + 3 * Digest(value[1]) + 5 * Digest(value[2]);
}
inline uint64_t Digest(const PXR_NS::VtArray<float>& value) {
  if (value.empty()) return 1;
  return Digest(value.cfront()) + 3 * Digest(value.cback()) + (value.size() << 40);
}

}  // namespace usdparquet_bench
