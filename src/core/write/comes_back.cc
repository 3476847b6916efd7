#include "core/write/comes_back.h"

#include <arrow/array/array_decimal.h>
#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/compare.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/schema/value_convert.h"

namespace usdparquet {
namespace {

/// Calls `is_same(i)` for every value that is set; whether all are.
template <typename F>
bool AllSet(const arrow::Array& values, const F& is_same) {
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsValid(i) && !is_same(i)) return false;
  }
  return true;
}

template <typename Decimals>
bool AreDecimals(const arrow::DoubleArray& values, const Decimals& stored) {
  const auto& type = static_cast<const arrow::DecimalType&>(*stored.type());
  return AllSet(values, [&](int64_t i) {
    // Arrow's own conversion is not always the nearest double.
    uint8_t bytes[32];
    const int size = type.byte_width();
    std::reverse_copy(stored.GetValue(i), stored.GetValue(i) + size, bytes);
    return std::bit_cast<uint64_t>(DecimalToDouble(bytes, size, type.scale())) ==
           std::bit_cast<uint64_t>(values.Value(i));
  });
}

int DigitsOf(arrow::TimeUnit::type unit) { return 3 * static_cast<int>(unit); }

template <typename Ticks, typename Format>
bool AreTexts(const arrow::StringArray& values, const Ticks& stored, const Format& format) {
  return AllSet(values, [&](int64_t i) {
    char text[kMaxTimeText];
    const int length = format(static_cast<int64_t>(stored.Value(i)), text);
    return values.GetView(i) == std::string_view(text, static_cast<size_t>(length));
  });
}

bool AreTimes(const arrow::StringArray& values, const arrow::Array& stored) {
  constexpr int64_t kMillisecondsPerDay = 86'400'000;
  switch (stored.type_id()) {
    case arrow::Type::DATE32:
      return AreTexts(values, static_cast<const arrow::Date32Array&>(stored), FormatDate);
    case arrow::Type::DATE64:
      return AreTexts(
          values, static_cast<const arrow::Date64Array&>(stored),
          [](int64_t ticks, char* out) { return FormatDate(ticks / kMillisecondsPerDay, out); });
    case arrow::Type::TIME32:
    case arrow::Type::TIME64: {
      const int digits = DigitsOf(static_cast<const arrow::TimeType&>(*stored.type()).unit());
      const auto format = [digits](int64_t ticks, char* out) {
        return FormatTime(ticks, digits, out);
      };
      return stored.type_id() == arrow::Type::TIME32
                 ? AreTexts(values, static_cast<const arrow::Time32Array&>(stored), format)
                 : AreTexts(values, static_cast<const arrow::Time64Array&>(stored), format);
    }
    default: {
      const auto& type = static_cast<const arrow::TimestampType&>(*stored.type());
      const bool is_utc = !type.timezone().empty();
      const int digits = DigitsOf(type.unit());
      return AreTexts(values, static_cast<const arrow::TimestampArray&>(stored),
                      [digits, is_utc](int64_t ticks, char* out) {
                        return FormatTimestamp(ticks, digits, is_utc, out);
                      });
    }
  }
}

/// The elements of a list's cells; nothing if it is no list.
std::shared_ptr<arrow::Array> ElementsOf(const arrow::Array& cells) {
  arrow::Result<std::shared_ptr<arrow::Array>> elements;
  switch (cells.type_id()) {
    case arrow::Type::LIST:
      elements = static_cast<const arrow::ListArray&>(cells).Flatten();
      break;
    case arrow::Type::LARGE_LIST:
      elements = static_cast<const arrow::LargeListArray&>(cells).Flatten();
      break;
    case arrow::Type::FIXED_SIZE_LIST:
      elements = static_cast<const arrow::FixedSizeListArray&>(cells).Flatten();
      break;
    default:
      return nullptr;
  }
  return elements.ok() ? *elements : nullptr;
}

}  // namespace

bool ComesBack(const arrow::Array& values, const arrow::Array& stored) {
  if (values.type()->Equals(stored.type())) return true;
  if (values.length() != stored.length()) return false;
  if (const auto elements = ElementsOf(values)) {
    const auto kept = ElementsOf(stored);
    return kept && ComesBack(*elements, *kept);
  }
  if (values.type_id() == arrow::Type::DOUBLE && stored.type_id() == arrow::Type::DECIMAL128) {
    return AreDecimals(static_cast<const arrow::DoubleArray&>(values),
                       static_cast<const arrow::Decimal128Array&>(stored));
  }
  if (values.type_id() == arrow::Type::DOUBLE && stored.type_id() == arrow::Type::DECIMAL256) {
    return AreDecimals(static_cast<const arrow::DoubleArray&>(values),
                       static_cast<const arrow::Decimal256Array&>(stored));
  }
  if (values.type_id() == arrow::Type::STRING && arrow::is_temporal(stored.type_id())) {
    return AreTimes(static_cast<const arrow::StringArray&>(values), stored);
  }
  const auto back = arrow::compute::Cast(stored, values.type());
  return back.ok() &&
         values.Equals(**back,
                       arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false));
}

}  // namespace usdparquet
