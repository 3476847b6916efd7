// Thrift's compact protocol: values of every type are stepped over, and damage ends the reading.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/util/thrift_reader.h"
#include "thrift_bytes.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;
using Type = ThriftReader::Type;
using Failure = ThriftReader::Failure;

constexpr int kByte = 3, kDouble = 7, kBinary = 8, kList = 9, kSet = 10, kMap = 11;
constexpr int kUuid = 13;

/// A struct's field 7 behind all that `before` has, or what went wrong.
std::pair<int32_t, Failure> SeventhOf(const std::string& before, int step) {
  const std::string bytes = before + I32(step, 7) + kStop;
  ThriftReader reader(Bytes(bytes));
  int32_t seventh = 0;
  reader.ReadStruct([&](int16_t id, Type type) {
    if (id != 7 || type != Type::kI32) return false;
    seventh = reader.ReadI32();
    return true;
  });
  if (reader.ok()) {
    EXPECT_EQ(reader.position(), bytes.size());
  }
  return {seventh, reader.failure()};
}

TEST(ThriftReader, StepsOverValuesOfEveryType) {
  const std::string number = Zigzag(-300), text = Varint(3) + "abc";
  const std::vector<std::string> fields = {
      Field(6, 1, ""),
      Field(6, 2, ""),
      Field(6, kByte, "x"),
      Field(6, 4, number),
      Field(6, 6, number),
      Field(6, kDouble, "12345678"),
      Field(6, kUuid, "0123456789abcdef"),
      Field(6, kBinary, text),
      Field(6, kList, "\x25" + number + number),                    // two i32
      Field(6, kList, std::string("\x31\1\2\1", 4)),                // three bools, a byte each
      Field(6, kSet, "\x18" + text),                                // a binary
      Field(6, kList, "\x19\x18" + text),                           // a list of a list
      Field(6, kMap, std::string(1, '\0')),                         // without entries
      Field(6, kMap, "\2\x85" + text + number + text + number),     // two of binary and i32
      Struct(6, Field(1, kMap, "\1\x1c\1" + kStop) + I32(1, 300)),  // a map of a bool to a struct
      Field(0, kByte, Zigzag(6) + "x"),                             // its id written out
  };
  for (size_t i = 0; i < fields.size(); ++i) {
    EXPECT_EQ(SeventhOf(fields[i], 1), std::pair(7, Failure::kNone)) << i;
    // Whatever is missing at its end is missed.
    const std::string bytes = fields[i] + kStop;
    for (size_t cut = 0; cut < bytes.size(); ++cut) {
      ThriftReader reader(Bytes(bytes).first(cut));
      reader.ReadStruct([](int16_t, Type) { return false; });
      EXPECT_EQ(reader.failure(), Failure::kEnd) << i << ", " << cut;
    }
  }
}

TEST(ThriftReader, DamageEndsTheReading) {
  const std::vector<std::string> fields = {
      Field(1, 14, ""),                                        // no such type
      Field(1, kList, "\x10"),                                 // of elements that are no values
      Field(1, 5, std::string(10, '\xff')),                    // a number of more than 64 bits
      Field(0, kByte, Zigzag(40000) + "x"),                    // an id of more than 16 bits
      Field(0, kByte, Zigzag(32767) + "x") + Field(1, 1, ""),  // the one after the last
  };
  for (size_t i = 0; i < fields.size(); ++i) {
    EXPECT_EQ(SeventhOf(fields[i], 6), std::pair(0, Failure::kDamaged)) << i;
  }
}

TEST(ThriftReader, NumbersHaveToFit) {
  for (const int64_t number : {int64_t{INT32_MIN}, int64_t{-1}, int64_t{INT32_MAX}}) {
    const std::string bytes = Zigzag(number);
    ThriftReader reader(Bytes(bytes));
    EXPECT_EQ(reader.ReadI32(), number);
    EXPECT_TRUE(reader.ok());
  }
  for (const int64_t number : {int64_t{INT32_MIN} - 1, int64_t{INT32_MAX} + 1}) {
    const std::string bytes = Zigzag(number);
    ThriftReader reader(Bytes(bytes));
    EXPECT_EQ(reader.ReadI32(), 0);
    EXPECT_EQ(reader.failure(), Failure::kDamaged);
    // Nothing is read after a failure.
    EXPECT_EQ(reader.ReadBinary(), "");
  }
}

}  // namespace
}  // namespace usdparquet
