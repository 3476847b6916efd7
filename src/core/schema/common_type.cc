#include "core/schema/common_type.h"

#include <arrow/type_traits.h>

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "core/schema/leaf_type.h"

namespace usdparquet {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

bool IsTextType(const arrow::DataType& type) {
  return arrow::is_string(type.id()) || type.id() == arrow::Type::STRING_VIEW;
}

bool IsBytesType(const arrow::DataType& type) {
  return arrow::is_binary(type.id()) || type.id() == arrow::Type::BINARY_VIEW ||
         type.id() == arrow::Type::FIXED_SIZE_BINARY;
}

/// Whether a type is large, or a view of such size.
bool IsLarge(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::LARGE_LIST:
      return true;
    default:
      return false;
  }
}

TypePtr CommonDecimal(const arrow::DecimalType& a, const arrow::DecimalType& b) {
  const int32_t scale = std::max(a.scale(), b.scale());
  const int32_t precision = std::max(a.precision() - a.scale(), b.precision() - b.scale()) + scale;
  if (precision <= arrow::Decimal128Type::kMaxPrecision) {
    return arrow::decimal128(precision, scale);
  }
  if (precision <= arrow::Decimal256Type::kMaxPrecision) {
    return arrow::decimal256(precision, scale);
  }
  return nullptr;
}

TypePtr CommonTimestamp(const arrow::TimestampType& a, const arrow::TimestampType& b) {
  if (a.timezone().empty() != b.timezone().empty()) return nullptr;
  return arrow::timestamp(std::max(a.unit(), b.unit()),
                          a.timezone() == b.timezone() ? a.timezone() : "UTC");
}

TypePtr CommonTime(const arrow::TimeType& a, const arrow::TimeType& b) {
  const auto unit = std::max(a.unit(), b.unit());
  return unit <= arrow::TimeUnit::MILLI ? arrow::time32(unit) : arrow::time64(unit);
}

/// `one` with a type that is common to both fields; null if there is none.
std::shared_ptr<arrow::Field> CommonField(const arrow::Field& one, const arrow::Field& other) {
  TypePtr type = CommonType(one.type(), other.type());
  if (!type) return nullptr;
  return one.WithType(std::move(type))->WithNullable(one.nullable() || other.nullable());
}

TypePtr CommonList(const arrow::DataType& a, const arrow::DataType& b) {
  const arrow::Field& one = *a.field(0);
  const arrow::Field& other = *b.field(0);
  // An empty list is a value, which a list of nothing can be, but none of another type.
  const bool is_nothing = one.type()->id() == arrow::Type::NA;
  if (is_nothing != (other.type()->id() == arrow::Type::NA)) return nullptr;
  auto element = CommonField(one, other);
  if (!element) return nullptr;
  const auto size_of = [](const arrow::DataType& type) {
    return type.id() == arrow::Type::FIXED_SIZE_LIST
               ? static_cast<const arrow::FixedSizeListType&>(type).list_size()
               : -1;
  };
  if (size_of(a) >= 0 && size_of(a) == size_of(b)) {
    return arrow::fixed_size_list(std::move(element), size_of(a));
  }
  return IsLarge(a) || IsLarge(b) ? arrow::large_list(std::move(element))
                                  : arrow::list(std::move(element));
}

bool HasFieldTwice(const arrow::DataType& type) {
  std::unordered_set<std::string_view> names;
  return std::ranges::any_of(
      type.fields(), [&](const auto& field) { return !names.insert(field->name()).second; });
}

TypePtr CommonStruct(const arrow::StructType& a, const arrow::StructType& b) {
  if (HasFieldTwice(a) || HasFieldTwice(b)) return nullptr;
  arrow::FieldVector fields;
  for (const auto& one : a.fields()) {
    const auto other = b.GetFieldByName(one->name());
    fields.push_back(other ? CommonField(*one, *other) : one->WithNullable(true));
    if (!fields.back()) return nullptr;
  }
  for (const auto& other : b.fields()) {
    if (!a.GetFieldByName(other->name())) fields.push_back(other->WithNullable(true));
  }
  return arrow::struct_(std::move(fields));
}

TypePtr CommonMap(const arrow::MapType& a, const arrow::MapType& b) {
  const auto key = CommonField(*a.key_field(), *b.key_field());
  const auto item = CommonField(*a.item_field(), *b.item_field());
  if (!key || !item) return nullptr;
  return std::make_shared<arrow::MapType>(key, item, a.keys_sorted() && b.keys_sorted());
}

const TypePtr& WithoutDictionary(const TypePtr& type) {
  if (type->id() != arrow::Type::DICTIONARY) return type;
  return static_cast<const arrow::DictionaryType&>(*type).value_type();
}

TypePtr CommonOfPlain(const TypePtr& one, const TypePtr& other) {
  const arrow::DataType& a = *one;
  const arrow::DataType& b = *other;
  const auto both = [&](bool (*is)(arrow::Type::type)) { return is(a.id()) && is(b.id()); };
  if (both(arrow::is_signed_integer) || both(arrow::is_unsigned_integer) ||
      both(arrow::is_floating)) {
    return a.bit_width() >= b.bit_width() ? one : other;
  }
  if (both(arrow::is_decimal)) {
    return CommonDecimal(static_cast<const arrow::DecimalType&>(a),
                         static_cast<const arrow::DecimalType&>(b));
  }
  if (IsTextType(a) && IsTextType(b))
    return IsLarge(a) || IsLarge(b) ? arrow::large_utf8() : arrow::utf8();
  if (IsBytesType(a) && IsBytesType(b)) {
    return IsLarge(a) || IsLarge(b) ? arrow::large_binary() : arrow::binary();
  }
  if (IsList(a) && IsList(b)) return CommonList(a, b);
  if (both(arrow::is_date)) return arrow::date64();
  if (both(arrow::is_time)) {
    return CommonTime(static_cast<const arrow::TimeType&>(a),
                      static_cast<const arrow::TimeType&>(b));
  }
  if (a.id() != b.id()) return nullptr;
  switch (a.id()) {
    case arrow::Type::TIMESTAMP:
      return CommonTimestamp(static_cast<const arrow::TimestampType&>(a),
                             static_cast<const arrow::TimestampType&>(b));
    case arrow::Type::DURATION:
      return arrow::duration(std::max(static_cast<const arrow::DurationType&>(a).unit(),
                                      static_cast<const arrow::DurationType&>(b).unit()));
    case arrow::Type::STRUCT:
      return CommonStruct(static_cast<const arrow::StructType&>(a),
                          static_cast<const arrow::StructType&>(b));
    case arrow::Type::MAP:
      return CommonMap(static_cast<const arrow::MapType&>(a),
                       static_cast<const arrow::MapType&>(b));
    default:
      return nullptr;
  }
}

}  // namespace

TypePtr CommonType(const TypePtr& one, const TypePtr& other) {
  if (one->Equals(*other)) return one;
  if (one->id() == arrow::Type::NA) return other;
  if (other->id() == arrow::Type::NA) return one;
  const TypePtr& a = WithoutDictionary(one);
  const TypePtr& b = WithoutDictionary(other);
  return a->Equals(*b) ? a : CommonOfPlain(a, b);
}

}  // namespace usdparquet
