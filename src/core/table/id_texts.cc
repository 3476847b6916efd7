#include "core/table/id_texts.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>

#include <charconv>
#include <cmath>

namespace usdparquet {
namespace {

/// As Python's repr() writes it, but for numbers without a fraction, which are integers.
std::string NumberText(double value) {
  if (std::isnan(value)) return {};
  char buffer[400];  // the largest double has 309 digits
  char* const end = buffer + sizeof(buffer);
  if (std::isfinite(value) && value == std::trunc(value)) {
    const double whole = value == 0 ? 0.0 : value;  // no sign
    return {buffer, std::to_chars(buffer, end, whole, std::chars_format::fixed, 0).ptr};
  }
  const auto format =
      std::fabs(value) < 1e-4 ? std::chars_format::scientific : std::chars_format::fixed;
  return {buffer, std::to_chars(buffer, end, value, format).ptr};
}

double ToDouble(float value) { return value; }
double ToDouble(arrow::util::Float16 value) { return value.ToDouble(); }

/// The double with the fewest digits that stands for a float.
double WithFewestDigits(float value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  double number = value;
  std::from_chars(buffer, end, number);
  return number;
}

/// The double with the fewest digits that stands for a half.
double WithFewestDigits(arrow::util::Float16 value) {
  double number = value.ToDouble();
  if (!std::isfinite(number)) return number;
  constexpr int kMostDigits = 5;
  for (int digits = 1; digits <= kMostDigits; ++digits) {
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value.ToDouble(),
                                   std::chars_format::scientific, digits - 1)
                         .ptr;
    std::from_chars(buffer, end, number);
    if (arrow::util::Float16::FromDouble(number) == value) break;
  }
  return number;
}

template <typename Float>
std::string FloatText(Float value) {
  const double number = ToDouble(value);
  // Whole numbers have all their digits.
  return NumberText(number == std::trunc(number) ? number : WithFewestDigits(value));
}

/// A decimal's text without the zeros that its scale adds.
std::string WithoutTrailingZeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

template <typename Decimal>
std::string DecimalText(const uint8_t* bytes, int32_t scale) {
  const Decimal value(bytes);
  // Without an exponent, whatever the scale.
  if (scale >= 0) {
    const std::string digits = value.ToIntegerString();
    const bool is_negative = digits[0] == '-';
    std::string plain = digits.substr(is_negative ? 1 : 0);
    if (plain.size() <= static_cast<size_t>(scale)) {
      plain.insert(0, static_cast<size_t>(scale) + 1 - plain.size(), '0');
    }
    if (scale > 0) plain.insert(plain.size() - static_cast<size_t>(scale), 1, '.');
    return WithoutTrailingZeros((is_negative ? "-" : "") + plain);
  }
  const std::string digits = value.ToIntegerString();
  return digits == "0" ? digits : digits + std::string(static_cast<size_t>(-scale), '0');
}

}  // namespace

template <typename Array>
void IdTexts::AddStrings(const Array& cells) {
  held_.push_back(cells.data());
  for (int64_t i = 0; i < cells.length(); ++i) {
    const std::string_view text = cells.IsNull(i) ? std::string_view() : cells.GetView(i);
    texts_.push_back(text.empty() ? std::string_view() : text);
  }
}

/// `write(i)` is the text of cell `i`; empty for what is no id.
template <typename Array, typename Write>
void IdTexts::AddWritten(const Array& cells, const Write& write) {
  made_.push_back(std::make_unique<RawVector<std::string>>(static_cast<size_t>(cells.length())));
  RawVector<std::string>& made = *made_.back();
  for (int64_t i = 0; i < cells.length(); ++i) {
    std::string& text = made[static_cast<size_t>(i)];
    if (!cells.IsNull(i)) text = write(i);
    texts_.push_back(text.empty() ? std::string_view() : std::string_view(text));
  }
}

arrow::Status IdTexts::Add(const arrow::Array& cells) {
  using arrow::Type;
  const auto write_integers = [&](const auto& array) {
    AddWritten(array, [&](int64_t i) { return std::to_string(array.Value(i)); });
    return arrow::Status::OK();
  };
  switch (cells.type_id()) {
    case Type::STRING:
      AddStrings(static_cast<const arrow::StringArray&>(cells));
      return arrow::Status::OK();
    case Type::LARGE_STRING:
      AddStrings(static_cast<const arrow::LargeStringArray&>(cells));
      return arrow::Status::OK();
    case Type::BOOL: {
      const auto& array = static_cast<const arrow::BooleanArray&>(cells);
      AddWritten(array, [&](int64_t i) { return array.Value(i) ? "true" : "false"; });
      return arrow::Status::OK();
    }
    case Type::INT8:
      return write_integers(static_cast<const arrow::Int8Array&>(cells));
    case Type::INT16:
      return write_integers(static_cast<const arrow::Int16Array&>(cells));
    case Type::INT32:
      return write_integers(static_cast<const arrow::Int32Array&>(cells));
    case Type::INT64:
      return write_integers(static_cast<const arrow::Int64Array&>(cells));
    case Type::UINT8:
      return write_integers(static_cast<const arrow::UInt8Array&>(cells));
    case Type::UINT16:
      return write_integers(static_cast<const arrow::UInt16Array&>(cells));
    case Type::UINT32:
      return write_integers(static_cast<const arrow::UInt32Array&>(cells));
    case Type::UINT64:
      return write_integers(static_cast<const arrow::UInt64Array&>(cells));
    case Type::FLOAT: {
      const auto& array = static_cast<const arrow::FloatArray&>(cells);
      AddWritten(array, [&](int64_t i) { return FloatText(array.Value(i)); });
      return arrow::Status::OK();
    }
    case Type::DOUBLE: {
      const auto& array = static_cast<const arrow::DoubleArray&>(cells);
      AddWritten(array, [&](int64_t i) { return NumberText(array.Value(i)); });
      return arrow::Status::OK();
    }
    case Type::HALF_FLOAT: {
      const auto& array = static_cast<const arrow::HalfFloatArray&>(cells);
      AddWritten(array, [&](int64_t i) {
        return FloatText(arrow::util::Float16::FromBits(array.Value(i)));
      });
      return arrow::Status::OK();
    }
    case Type::DECIMAL128:
    case Type::DECIMAL256: {
      const auto& array = static_cast<const arrow::FixedSizeBinaryArray&>(cells);
      const int32_t scale = static_cast<const arrow::DecimalType&>(*cells.type()).scale();
      const bool is_128 = cells.type_id() == Type::DECIMAL128;
      AddWritten(array, [&](int64_t i) {
        const uint8_t* bytes = array.GetValue(i);
        return is_128 ? DecimalText<arrow::Decimal128>(bytes, scale)
                      : DecimalText<arrow::Decimal256>(bytes, scale);
      });
      return arrow::Status::OK();
    }
    case Type::DECIMAL32:
    case Type::DECIMAL64: {
      const auto& from = static_cast<const arrow::DecimalType&>(*cells.type());
      ARROW_ASSIGN_OR_RAISE(
          const auto wide,
          arrow::compute::Cast(cells, arrow::decimal128(from.precision(), from.scale())));
      return Add(*wide);
    }
    case Type::DICTIONARY: {
      const auto& type = static_cast<const arrow::DictionaryType&>(*cells.type());
      ARROW_ASSIGN_OR_RAISE(const auto plain, arrow::compute::Cast(cells, type.value_type()));
      return Add(*plain);
    }
    case Type::NA:
      texts_.insert(texts_.end(), static_cast<size_t>(cells.length()), std::string_view());
      return arrow::Status::OK();
    default:
      return arrow::Status::Invalid("has type ", cells.type()->ToString(),
                                    "; ids are texts or numbers");
  }
}

arrow::Result<IdTexts> IdTexts::Make(const arrow::ChunkedArray& cells) {
  IdTexts texts;
  texts.texts_.reserve(static_cast<size_t>(cells.length()));
  for (const auto& chunk : cells.chunks()) ARROW_RETURN_NOT_OK(texts.Add(*chunk));
  if (cells.num_chunks() == 0) {  // the type is still to be judged
    ARROW_ASSIGN_OR_RAISE(const auto none, arrow::MakeEmptyArray(cells.type()));
    ARROW_RETURN_NOT_OK(texts.Add(*none));
  }
  return texts;
}

}  // namespace usdparquet
