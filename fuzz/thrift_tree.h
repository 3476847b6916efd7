#pragma once

/// \file
/// Thrift's compact protocol without a schema: structs of Parquet files to trees, and back. What a
/// correct writer would not write can be written: the trees are there to be damaged.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace usdparquet_fuzz {

enum class ThriftType : uint8_t {
  kTrue = 1,
  kFalse = 2,
  kByte = 3,
  kI16 = 4,
  kI32 = 5,
  kI64 = 6,
  kDouble = 7,
  kBinary = 8,
  kList = 9,
  kSet = 10,
  kMap = 11,
  kStruct = 12,
};

/// A value with its type. Which members mean something depends on the type.
struct ThriftValue {
  ThriftType type = ThriftType::kStruct;
  int64_t number = 0;  ///< integers and bytes; the bits of a double; 0 or 1 in a list of bools
  std::string bytes;   ///< of a binary
  ThriftType item_type = ThriftType::kStruct;  ///< of a list
  std::vector<ThriftValue> items;              ///< of a list, or the fields of a struct
  std::vector<int16_t> ids;                    ///< of the fields, one for each of `items`
  std::optional<uint64_t> claimed;             ///< a list's count, where it is not that of `items`

  static ThriftValue Number(ThriftType type, int64_t number);
  static ThriftValue Binary(std::string bytes);
  static ThriftValue List(ThriftType item_type, std::vector<ThriftValue> items = {});
  static ThriftValue Struct() { return {}; }

  bool is_number() const {
    return type == ThriftType::kByte || type == ThriftType::kI16 || type == ThriftType::kI32 ||
           type == ThriftType::kI64 || type == ThriftType::kDouble;
  }
  bool is_bool() const { return type == ThriftType::kTrue || type == ThriftType::kFalse; }

  /// A struct's field, or null.
  ThriftValue* Find(int16_t id);
  const ThriftValue* Find(int16_t id) const;
  /// A field's number, or `otherwise`.
  int64_t NumberAt(int16_t id, int64_t otherwise = 0) const;
  /// Sets a field; a new one goes where its id belongs.
  void Put(int16_t id, ThriftValue value);
  void PutI32(int16_t id, int64_t number) { Put(id, Number(ThriftType::kI32, number)); }
  void PutI64(int16_t id, int64_t number) { Put(id, Number(ThriftType::kI64, number)); }
  void Drop(int16_t id);
};

/// The struct at the start of `bytes`, and how many bytes it has. Nothing if it is damaged, or has
/// more than 32 values within each other.
std::optional<std::pair<ThriftValue, size_t>> ReadThrift(std::string_view bytes);

/// The bytes of a struct.
std::string WriteThrift(const ThriftValue& value);

}  // namespace usdparquet_fuzz
