#include <gtest/gtest.h>
#include <parquet/column_reader.h>
#include <parquet/column_writer.h>

#include <bit>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "core/write/level_padding.h"

namespace usdparquet {
namespace {

using parquet::Encoding;

uint32_t WidthOf(int16_t max_level) {
  return static_cast<uint32_t>(std::bit_width(static_cast<uint32_t>(max_level)));
}

/// As Arrow writes them, without the length before.
std::string Encoded(const std::vector<int16_t>& levels, int16_t max_level) {
  const auto count = static_cast<int>(levels.size());
  std::string bytes(
      static_cast<size_t>(parquet::LevelEncoder::MaxBufferSize(Encoding::RLE, max_level, count)),
      '\0');
  parquet::LevelEncoder encoder;
  encoder.Init(Encoding::RLE, max_level, count, reinterpret_cast<uint8_t*>(bytes.data()),
               static_cast<int>(bytes.size()));
  EXPECT_EQ(encoder.Encode(count, levels.data()), count);
  bytes.resize(static_cast<size_t>(encoder.len()));
  return bytes;
}

/// As Arrow reads them.
std::vector<int16_t> Decoded(std::string_view bytes, size_t count, int16_t max_level) {
  const auto size = static_cast<uint32_t>(bytes.size());
  std::string body(reinterpret_cast<const char*>(&size), sizeof(size));
  body += bytes;
  parquet::LevelDecoder decoder;
  EXPECT_EQ(decoder.SetData(Encoding::RLE, max_level, static_cast<int>(count),
                            reinterpret_cast<const uint8_t*>(body.data()),
                            static_cast<int32_t>(body.size())),
            static_cast<int>(body.size()));
  std::vector<int16_t> levels(count);
  EXPECT_EQ(decoder.Decode(static_cast<int>(count), levels.data()), static_cast<int>(count));
  return levels;
}

std::span<const uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

/// Runs of random length, some of them long.
std::vector<int16_t> RandomLevels(int16_t max_level, std::mt19937* random) {
  std::vector<int16_t> levels;
  for (unsigned runs = 1 + (*random)() % 6; runs > 0; --runs) {
    const size_t lengths[] = {1, 3, 8, 60, 130, 8'200, 20'000};
    const size_t length = lengths[(*random)() % 7] + (*random)() % 9;
    levels.insert(levels.end(), length,
                  static_cast<int16_t>((*random)() % static_cast<unsigned>(max_level + 1)));
  }
  return levels;
}

TEST(LevelPadding, SaysTheSameInAnyNumberOfBytes) {
  std::mt19937 random(11);
  for (const int16_t max_level : {1, 2, 3, 5, 9, 200}) {
    for (int i = 0; i < 60; ++i) {
      std::vector<int16_t> levels = RandomLevels(max_level, &random);
      levels.insert(levels.begin() + static_cast<ptrdiff_t>(random() % levels.size()), 400,
                    max_level);
      const std::string bytes = Encoded(levels, max_level);
      for (const size_t alignment : {4u, 8u}) {
        for (size_t padding = 0; padding < alignment; ++padding) {
          const size_t least = 1 + random() % 12;
          const auto padded =
              PadLevels(BytesOf(bytes), WidthOf(max_level), {least, padding, alignment});
          ASSERT_TRUE(padded) << levels.size();
          const size_t growth = padded->size() - bytes.size();
          EXPECT_EQ(growth % alignment, padding);
          EXPECT_GE(growth, least);
          EXPECT_LE(growth, least + 128);
          EXPECT_EQ(Decoded(*padded, levels.size(), max_level), levels);
        }
      }
    }
  }
}

TEST(LevelPadding, ShortRunsStayAsTheyAre) {
  EXPECT_FALSE(PadLevels(BytesOf(Encoded({1, 1, 0, 1}, 1)), 1, {1, 3, 8}));
  EXPECT_FALSE(PadLevels({}, 1, {1, 1, 8}));
  EXPECT_FALSE(PadLevels(BytesOf(Encoded(std::vector<int16_t>(20, 1), 1)), 1, {1, 7, 8}));
}

TEST(LevelPadding, WhatCannotBeReadIsLeftAlone) {
  const std::string bytes = Encoded(std::vector<int16_t>(5'000, 1), 1);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(PadLevels(BytesOf(bytes.substr(0, size)), 1, {1, 2, 8})) << size;
  }
  EXPECT_FALSE(PadLevels(BytesOf("\xff\xff\xff\xff\xff\xff"), 1, {1, 2, 8}));  // no end
  EXPECT_FALSE(PadLevels(BytesOf("\x81\x01\x01"), 1, {1, 2, 8}));  // 64 groups in one byte
}

TEST(LevelPadding, OnlyTheDefinitionLevelsOfABodyChange) {
  const std::vector<int16_t> reps(3'000, 1), defs(3'000, 3);
  const auto sized = [](const std::string& bytes) {
    const auto size = static_cast<uint32_t>(bytes.size());
    return std::string(reinterpret_cast<const char*>(&size), sizeof(size)) + bytes;
  };
  const std::string rep = sized(Encoded(reps, 1)), def = sized(Encoded(defs, 3));
  const std::string values = "the values are what they were";
  const std::string body = rep + def + values;
  EXPECT_EQ(ValuesBegin(BytesOf(body)), rep.size() + def.size());
  for (size_t padding = 1; padding < 8; ++padding) {
    const auto padded = PadBody(BytesOf(body), 3, {1, padding, 8});
    ASSERT_TRUE(padded);
    const std::string now = padded->ToString();
    EXPECT_EQ((now.size() - body.size()) % 8, padding);
    EXPECT_TRUE(now.starts_with(rep));
    const auto begin = ValuesBegin(BytesOf(now));
    ASSERT_TRUE(begin);
    EXPECT_EQ(now.substr(*begin), values);
    const std::string levels = now.substr(rep.size() + 4, *begin - rep.size() - 4);
    EXPECT_EQ(Decoded(levels, defs.size(), 3), defs);
  }
}

TEST(LevelPadding, ABodyThatIsTooShortHasNoValues) {
  const std::string body("\x02\0\0\0\x03\x01\x04\0\0\0\x03\x01", 12);
  for (size_t size = 0; size <= body.size(); ++size) {
    EXPECT_FALSE(ValuesBegin(BytesOf(body.substr(0, size)))) << size;
    EXPECT_FALSE(PadBody(BytesOf(body.substr(0, size)), 1, {1, 1, 8})) << size;
  }
}

}  // namespace
}  // namespace usdparquet
