// The checksum of pages, against the definition of the CRC-32 and against Arrow's.

#include <arrow/util/crc32.h>
#include <gtest/gtest.h>

#include <random>
#include <string_view>
#include <vector>

#include "core/util/crc32.h"

namespace usdparquet {
namespace {

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

/// Bit by bit.
uint32_t Defined(std::span<const uint8_t> bytes) {
  uint32_t crc = ~uint32_t{0};
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

std::vector<uint8_t> Noise(size_t size) {
  std::mt19937 random(42);
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

TEST(Crc32, KnownValues) {
  EXPECT_EQ(Crc32({}), 0u);
  EXPECT_EQ(Crc32(Bytes("123456789")), 0xcbf43926u);
  EXPECT_EQ(Crc32(std::vector<uint8_t>(32, 0)), 0x190a55adu);
  EXPECT_EQ(Crc32(std::vector<uint8_t>(1000, 0xff)), Defined(std::vector<uint8_t>(1000, 0xff)));
}

TEST(Crc32, EveryLengthAtEveryAlignment) {
  const std::vector<uint8_t> bytes = Noise(1200);
  for (size_t begin = 0; begin < 17; ++begin) {
    for (size_t size = 0; size <= 1100; ++size) {
      const auto part = std::span(bytes).subspan(begin, size);
      ASSERT_EQ(Crc32(part), Defined(part)) << size << " bytes from " << begin;
    }
  }
}

TEST(Crc32, PagesOfAnySizeAsArrow) {
  const std::vector<uint8_t> bytes = Noise(1 << 20);
  for (size_t size = 1; size <= bytes.size(); size = size * 5 / 3 + 1) {
    const auto part = std::span(bytes).first(size);
    EXPECT_EQ(Crc32(part), arrow::internal::crc32(0, part.data(), part.size())) << size;
  }
}

TEST(Crc32, OneBitIsNoticed) {
  std::vector<uint8_t> bytes = Noise(200);
  const uint32_t before = Crc32(bytes);
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    bytes[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    EXPECT_NE(Crc32(bytes), before) << bit;
    bytes[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
  }
}

}  // namespace
}  // namespace usdparquet
