#pragma once

/// \file
/// Numbers within bytes, which the caller has seen to be long enough.

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace usdparquet_fuzz {

template <typename T>
T Get(std::string_view bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

template <typename T>
void Set(std::string* bytes, size_t at, T value) {
  std::memcpy(bytes->data() + at, &value, sizeof(T));
}

template <typename T>
void Append(std::string* bytes, T value) {
  bytes->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace usdparquet_fuzz
