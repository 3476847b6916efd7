#pragma once

/// \file
/// Thrift's compact protocol written by hand, for headers and footers that no writer would write.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace usdparquet_test {

inline const std::string kStop(1, '\0');

inline std::string Varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}

inline std::string Zigzag(int64_t value) {
  return Varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
}

/// A field whose id is `step` above that of the field before.
inline std::string Field(int step, int type, const std::string& value) {
  return std::string(1, static_cast<char>(step << 4 | type)) + value;
}

inline std::string I32(int step, int64_t value) { return Field(step, 5, Zigzag(value)); }

inline std::string Text(int step, const std::string& value) {
  return Field(step, 8, Varint(value.size()) + value);
}

inline std::string Struct(int step, const std::string& fields) {
  return Field(step, 12, fields + kStop);
}

inline std::string StructList(int step, const std::vector<std::string>& structs) {
  std::string out(1, '\xfc');  // 15: the count follows; of structs
  out += Varint(structs.size());
  for (const std::string& each : structs) out += each;
  return Field(step, 9, out);
}

inline std::span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace usdparquet_test
