#pragma once

/// \file
/// The numbers that lie among levels: headers of runs, and lengths
/// (https://parquet.apache.org/docs/file-format/data-pages/encodings/).

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace usdparquet {

/// Takes an unsigned LEB128 number off the front of `bytes`: the header of a run of levels. Nothing
/// if they end within it, when they are empty afterwards, or it has more than 32 bits.
inline std::optional<uint32_t> TakeVarint(std::span<const uint8_t>* bytes) {
  uint32_t value = 0;
  for (int shift = 0; shift < 32 && !bytes->empty(); shift += 7) {
    const uint32_t byte = bytes->front();
    *bytes = bytes->subspan(1);
    if (shift == 28 && byte > 0x0f) return std::nullopt;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

/// Takes levels off the front of `body` that have their length before them, as in a data page of
/// version 1. Nothing if there are fewer bytes.
inline std::optional<std::span<const uint8_t>> TakeSized(std::span<const uint8_t>* body) {
  uint32_t size = 0;
  if (body->size() < sizeof(size)) return std::nullopt;
  std::memcpy(&size, body->data(), sizeof(size));
  *body = body->subspan(sizeof(size));
  if (size > body->size()) return std::nullopt;
  const auto levels = body->first(size);
  *body = body->subspan(size);
  return levels;
}

}  // namespace usdparquet
