#pragma once

/// \file
/// The levels of a page in more bytes than they need.

#include <arrow/buffer.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/util/export.h"

namespace usdparquet {

/// By how many bytes levels grow: at least so many, which are `rest` modulo `alignment`.
struct LevelGrowth {
  size_t least = 1;
  size_t rest = 0;
  size_t alignment = 1;
};

/// Levels in Parquet's hybrid of run lengths and packed bits
/// (https://parquet.apache.org/docs/file-format/data-pages/encodings/), `width` bits each, that say
/// the same as `levels` in more bytes. The longest run becomes a shorter one with packed levels
/// behind it, which any reader takes as it takes other runs. Nothing if no run is long enough, or
/// `levels` can't be read.
///
/// REQUIRES: 1 <= width <= 8; growth.rest < growth.alignment <= 8.
USDPARQUET_API std::optional<std::string> PadLevels(std::span<const uint8_t> levels, uint32_t width,
                                                    const LevelGrowth& growth);

/// The body of an uncompressed data page of version 1 with lists, whose definition levels are
/// padded (PadLevels). Null if they can't be. `max_level` is the highest definition level. Throws
/// std::bad_alloc.
USDPARQUET_API std::shared_ptr<arrow::Buffer> PadBody(std::span<const uint8_t> body,
                                                      uint32_t max_level,
                                                      const LevelGrowth& growth);

/// Where the values begin in such a body. Nothing if it is too short for its levels.
USDPARQUET_API std::optional<size_t> ValuesBegin(std::span<const uint8_t> body);

}  // namespace usdparquet
