#pragma once

/// \file
/// Cells as numbers, to be put on a scale.

#include <arrow/util/float16.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/pages/page.h"
#include "core/schema/schema.h"
#include "core/schema/type_table.h"

namespace usdparquet {

/// Whether a column's cells are dates, timestamps or times, of which a page holds the text.
inline bool HoldsMoments(Conversion conversion) {
  return conversion == Conversion::kDate || conversion == Conversion::kTimestamp ||
         conversion == Conversion::kTime;
}

/// The seconds since 1970, or since midnight, of what FormatDate, FormatTimestamp or FormatTime
/// wrote.
double SecondsOfText(std::string_view text);

/// The same of a moment as a person gives it to a column of that kind; nothing if it is none.
std::optional<double> ParseMoment(Conversion conversion, std::string_view text);

/// Cell `i` of a page of numbers of type T, which may lie anywhere.
template <typename T>
double NumberInCell(const Page& page, uint32_t i) {
  T value;
  std::memcpy(&value, page.cells + i * sizeof(T), sizeof(T));
  return static_cast<double>(value);
}

/// A number as Parquet's float16, in its bits.
struct HalfBits {
  uint16_t bits;
  explicit operator double() const { return arrow::util::Float16::FromBits(bits).ToDouble(); }
};

}  // namespace usdparquet
