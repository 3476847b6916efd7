// Value sections that hold what their page promises, and those that do not.

#include <arrow/buffer.h>
#include <gtest/gtest.h>
#include <parquet/encoding.h>
#include <parquet/schema.h>
#include <parquet/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/pages/value_claims.h"
#include "core/util/guard.h"
#include "status_assertions.h"
#include "thrift_bytes.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;
using parquet::Encoding;
using parquet::Type;

arrow::Status CheckValues(parquet::Type::type type, parquet::Encoding::type encoding,
                          const std::string& section, int64_t levels, int64_t count) {
  const auto node = parquet::schema::PrimitiveNode::Make("x", parquet::Repetition::OPTIONAL, type);
  return CheckValueClaims(parquet::ColumnDescriptor(node, 1, 0), encoding, Bytes(section), levels,
                          count);
}

TEST(ValueClaims, PlainValuesTakeTheirBytes) {
  const std::string bytes(24, 'x');
  const auto plain = parquet::Encoding::PLAIN;
  for (const auto& [type, most] : {std::pair{parquet::Type::DOUBLE, 3},
                                   {parquet::Type::INT32, 6},
                                   {parquet::Type::INT96, 2},
                                   {parquet::Type::BYTE_ARRAY, 6},
                                   {parquet::Type::BOOLEAN, 192}}) {
    EXPECT_TRUE(IsRead(CheckValues(type, plain, bytes, most, most)));
    EXPECT_TRUE(IsRefused(CheckValues(type, plain, bytes, most + 1, most + 1), "promises"));
  }
  EXPECT_TRUE(IsRefused(
      CheckValues(parquet::Type::FLOAT, parquet::Encoding::BYTE_STREAM_SPLIT, bytes, 7, 7),
      "promises"));
}

/// The header of delta-encoded numbers: 128 a block, in 4 miniblocks.
std::string DeltaHeader(uint64_t count) { return Varint(128) + Varint(4) + Varint(count) + "\x02"; }

TEST(ValueClaims, DeltaEncodingsClaimNoMoreThanThePage) {
  const auto check = [](parquet::Encoding::type encoding, const std::string& section) {
    return CheckValues(parquet::Type::BYTE_ARRAY, encoding, section, 10, 10);
  };
  const auto lengths = parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY;
  EXPECT_TRUE(IsRead(check(lengths, DeltaHeader(10))));
  EXPECT_TRUE(IsRefused(check(lengths, DeltaHeader(11)), "claims 11"));
  EXPECT_TRUE(IsRefused(check(lengths, Varint(0) + Varint(0) + Varint(1)), "damaged"));
  EXPECT_TRUE(
      IsRefused(check(lengths, Varint(128) + Varint(1 << 30) + Varint(1) + "x"), "damaged"));
  // Prefixes of 2 bits, one miniblock of 32 of them; then the suffixes.
  const auto fronts = parquet::Encoding::DELTA_BYTE_ARRAY;
  const std::string prefixes =
      DeltaHeader(10) + Varint(0) + std::string("\2\7\7\7", 4) + std::string(8, '\0');
  EXPECT_TRUE(IsRead(check(fronts, prefixes + DeltaHeader(10))));
  EXPECT_TRUE(IsRefused(check(fronts, prefixes + DeltaHeader(11)), "claims 11"));
  EXPECT_TRUE(IsRefused(check(fronts, prefixes.substr(0, prefixes.size() - 1)), "damaged"));
  EXPECT_TRUE(IsRefused(check(fronts, prefixes), "damaged"));
}

constexpr int kCount = 300;

parquet::ColumnDescriptor Column(Type::type type, int length) {
  const auto node = parquet::schema::PrimitiveNode::Make("x", parquet::Repetition::OPTIONAL, type,
                                                         parquet::ConvertedType::NONE, length);
  return parquet::ColumnDescriptor(node, 1, 0);
}

/// What CheckWholeValues says of a page of `count` values, nulls not among them.
arrow::Status CheckWhole(Type::type type, Encoding::type encoding, const std::string& section,
                         int64_t count, int64_t dictionary_size = -1, int length = -1) {
  return Guarded([&] {
    return CheckWholeValues(Column(type, length), encoding, Bytes(section), kCount + 20, count,
                            dictionary_size);
  });
}

template <typename DType>
std::string Encoded(Encoding::type encoding, const std::vector<typename DType::c_type>& values,
                    bool as_indices = false) {
  const auto encoder = parquet::MakeTypedEncoder<DType>(encoding, as_indices);
  encoder->Put(values.data(), static_cast<int>(values.size()));
  return encoder->FlushValues()->ToString();
}

template <typename Value>
std::vector<Value> Numbers() {
  std::vector<Value> numbers;
  for (int i = 0; i < kCount; ++i) numbers.push_back(static_cast<Value>(37 * i * i % 1009 + 1));
  return numbers;
}

std::string EncodedTexts(Encoding::type encoding) {
  std::vector<std::string> texts;
  for (int i = 0; i < kCount; ++i) texts.push_back("text " + std::to_string(i));
  std::vector<parquet::ByteArray> values(texts.begin(), texts.end());
  return Encoded<parquet::ByteArrayType>(encoding, values);
}

TEST(ValueClaims, EveryEncodingHoldsWhatItPromisesAndNoMore) {
  const struct {
    Type::type type;
    Encoding::type encoding;
    std::string section;
  } cases[] = {
      {Type::INT32, Encoding::PLAIN,
       Encoded<parquet::Int32Type>(Encoding::PLAIN, Numbers<int32_t>())},
      {Type::DOUBLE, Encoding::BYTE_STREAM_SPLIT,
       Encoded<parquet::DoubleType>(Encoding::BYTE_STREAM_SPLIT, Numbers<double>())},
      {Type::INT32, Encoding::DELTA_BINARY_PACKED,
       Encoded<parquet::Int32Type>(Encoding::DELTA_BINARY_PACKED, Numbers<int32_t>())},
      {Type::INT64, Encoding::DELTA_BINARY_PACKED,
       Encoded<parquet::Int64Type>(Encoding::DELTA_BINARY_PACKED, Numbers<int64_t>())},
      {Type::BYTE_ARRAY, Encoding::PLAIN, EncodedTexts(Encoding::PLAIN)},
      {Type::BYTE_ARRAY, Encoding::DELTA_LENGTH_BYTE_ARRAY,
       EncodedTexts(Encoding::DELTA_LENGTH_BYTE_ARRAY)},
      {Type::BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY, EncodedTexts(Encoding::DELTA_BYTE_ARRAY)},
  };
  for (const auto& [type, encoding, section] : cases) {
    SCOPED_TRACE(parquet::EncodingToString(encoding) + " of " + parquet::TypeToString(type));
    EXPECT_TRUE(IsRead(CheckWhole(type, encoding, section, kCount)));
    EXPECT_TRUE(IsRead(CheckWhole(type, encoding, "", 0)));
    EXPECT_TRUE(IsRefused(CheckWhole(type, encoding, section, kCount + 1), "promises 301"));
    EXPECT_TRUE(IsRefused(CheckWhole(type, encoding, section, kCount - 1), "promises 299"));
    for (size_t cut = 0; cut < section.size(); ++cut) {
      EXPECT_FALSE(CheckWhole(type, encoding, section.substr(0, cut), kCount).ok()) << cut;
    }
  }
}

TEST(ValueClaims, RunsOfBoolsMayEndBehindTheLastValue) {
  const auto values = std::make_unique<bool[]>(kCount);
  for (int i = 0; i < kCount; ++i) values[i] = i % 3 == 0;
  const auto encoder = parquet::MakeTypedEncoder<parquet::BooleanType>(Encoding::RLE);
  encoder->Put(values.get(), kCount);
  const std::string section = encoder->FlushValues()->ToString();
  EXPECT_TRUE(IsRead(CheckWhole(Type::BOOLEAN, Encoding::RLE, section, kCount)));
  EXPECT_FALSE(CheckWhole(Type::BOOLEAN, Encoding::RLE, section, kCount + 20).ok());
}

TEST(ValueClaims, IndicesNeedTheirDictionary) {
  std::vector<int32_t> values;
  for (int i = 0; i < kCount; ++i) values.push_back(i % 10);
  const std::string indices = Encoded<parquet::Int32Type>(Encoding::PLAIN, values, true);
  for (const auto encoding : {Encoding::RLE_DICTIONARY, Encoding::PLAIN_DICTIONARY}) {
    const auto check = [&](int64_t count, int64_t size) {
      return CheckWhole(Type::BYTE_ARRAY, encoding, indices, count, size);
    };
    EXPECT_TRUE(IsRead(check(kCount, 10)));
    EXPECT_TRUE(IsRefused(check(kCount, 9), "refers to entry 9 of a dictionary of 9"));
    EXPECT_TRUE(IsRefused(check(kCount, -1), "needs a dictionary that is not there"));
    EXPECT_FALSE(check(kCount + 20, 10).ok());
  }
}

TEST(ValueClaims, ATypeHasItsEncodingsOnly) {
  const std::string deltas =
      Encoded<parquet::Int32Type>(Encoding::DELTA_BINARY_PACKED, Numbers<int32_t>());
  const std::string lengths = EncodedTexts(Encoding::DELTA_LENGTH_BYTE_ARRAY);
  const std::string fronts = EncodedTexts(Encoding::DELTA_BYTE_ARRAY);
  const struct {
    Type::type type;
    Encoding::type encoding;
    std::string section;
    int64_t count;
  } cases[] = {
      {Type::BYTE_ARRAY, Encoding::BYTE_STREAM_SPLIT, std::string(40, 'x'), 10},
      {Type::BOOLEAN, Encoding::BYTE_STREAM_SPLIT, "x", 8},
      {Type::INT96, Encoding::BYTE_STREAM_SPLIT, std::string(12, 'x'), 1},
      {Type::FLOAT, Encoding::DELTA_BINARY_PACKED, deltas, kCount},
      {Type::INT32, Encoding::DELTA_LENGTH_BYTE_ARRAY, lengths, kCount},
      {Type::INT64, Encoding::DELTA_BYTE_ARRAY, fronts, kCount},
      {Type::INT32, Encoding::RLE, std::string(8, 'x'), 2},
      {Type::INT32, Encoding::BIT_PACKED, std::string(8, 'x'), 2},
  };
  for (const auto& [type, encoding, section, count] : cases) {
    EXPECT_TRUE(IsRefused(CheckWhole(type, encoding, section, count),
                          "a page of " + parquet::TypeToString(type) + " has the encoding " +
                              parquet::EncodingToString(encoding) + ", which it can't have"));
  }
}

TEST(ValueClaims, ValuesOfFixedLengthTakeIt) {
  const std::string bytes(50, 'x');
  const auto check = [&](int64_t count) {
    return CheckWhole(Type::FIXED_LEN_BYTE_ARRAY, Encoding::PLAIN, bytes, count, -1, 5);
  };
  EXPECT_TRUE(IsRead(check(10)));
  EXPECT_TRUE(IsRefused(check(11), "promises 11 values, but has 50 bytes of them"));
  EXPECT_TRUE(IsRefused(check(9), "promises 9 values, but has 50 bytes of them"));
}

TEST(ValueClaims, TextsRepeatNoMoreThanTheOneBefore) {
  const auto check = [](const std::vector<int32_t>& prefixes, const std::vector<int32_t>& suffixes,
                        const std::string& text) {
    const auto encoding = Encoding::DELTA_BINARY_PACKED;
    return CheckWhole(Type::BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY,
                      Encoded<parquet::Int32Type>(encoding, prefixes) +
                          Encoded<parquet::Int32Type>(encoding, suffixes) + text,
                      static_cast<int64_t>(prefixes.size()));
  };
  EXPECT_TRUE(IsRead(check({0, 3, 1}, {3, 0, 2}, "abcxy")));
  EXPECT_TRUE(IsRefused(check({0, 4, 1}, {3, 0, 2}, "abcxy"), "damaged"));
  EXPECT_TRUE(IsRefused(check({0, -1, 1}, {3, 0, 2}, "abcxy"), "damaged"));
  EXPECT_TRUE(IsRefused(check({0, 3, 1}, {3, 0, 2}, "abcx"),
                        "a page has 4 bytes of text, but its lengths are 5 together"));
  // A megabyte 200 times.
  constexpr int32_t kMegabyte = 1 << 20;
  std::vector<int32_t> prefixes(200, kMegabyte), suffixes(200, 0);
  std::swap(prefixes[0], suffixes[0]);
  EXPECT_TRUE(IsRefused(check(prefixes, suffixes, std::string(kMegabyte, 'x')),
                        "the text of a page takes 209715200 bytes of at most 134217728"));
}

}  // namespace
}  // namespace usdparquet
