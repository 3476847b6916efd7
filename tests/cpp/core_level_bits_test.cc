// The definition levels of flat columns as bits.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "core/pages/level_bits.h"

namespace usdparquet {
namespace {

arrow::Result<std::vector<bool>> Bits(std::vector<uint8_t> bytes, int32_t count,
                                      bool is_version_2 = true) {
  PageHeader header;
  header.type = is_version_2 ? parquet::PageType::DATA_PAGE_V2 : parquet::PageType::DATA_PAGE;
  header.num_values = count;
  std::vector<uint64_t> words(4);
  constexpr uint32_t kBegin = 3;  // in the middle of a byte
  ARROW_RETURN_NOT_OK(DecodeLevelBits(header, bytes, words.data(), kBegin));
  std::vector<bool> bits;
  for (uint32_t i = kBegin; i < kBegin + static_cast<uint32_t>(count); ++i) {
    bits.push_back(words[i / 64] >> i % 64 & 1);
    words[i / 64] &= ~(uint64_t{1} << i % 64);
  }
  for (const uint64_t word : words) EXPECT_EQ(word, 0u);  // no bit beside them was set
  return bits;
}

TEST(LevelBits, RunsAndPackedGroups) {
  // A run of 5 ones, 8 packed bits, a run of 3 zeros.
  const auto bits = Bits({5 << 1, 1, 1 << 1 | 1, 0b10110010, 3 << 1, 0}, 16);
  ASSERT_TRUE(bits.ok()) << bits.status();
  const std::vector<bool> expected{1, 1, 1, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 0};
  EXPECT_EQ(*bits, expected);
  // The last group, and the last run, may claim more than there is.
  EXPECT_EQ(*Bits({1 << 1 | 1, 0b101}, 3), (std::vector<bool>{1, 0, 1}));
  EXPECT_EQ(*Bits({0x80, 0x7f, 1}, 2), (std::vector<bool>{1, 1}));
  EXPECT_EQ(*Bits({4, 0, 0, 0, 3 << 1, 1, 1 << 1, 0}, 4, false), (std::vector<bool>{1, 1, 1, 0}));
}

TEST(LevelBits, EveryLengthAtEveryPlace) {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    // Runs of 1 to 200 equal levels, and of 1 to 25 packed groups.
    std::vector<uint8_t> bytes;
    std::vector<bool> expected;
    const auto put_header = [&](uint32_t header) {
      if (header >= 0x80) bytes.push_back(static_cast<uint8_t>(header | 0x80));
      bytes.push_back(static_cast<uint8_t>(header >= 0x80 ? header >> 7 : header));
    };
    while (expected.size() < 200) {
      const uint32_t kind = random() % 3;
      if (kind < 2) {
        const uint32_t run = random() % (round % 2 ? 10 : 200) + 1;
        put_header(run << 1);
        bytes.push_back(static_cast<uint8_t>(kind));
        expected.insert(expected.end(), run, kind == 1);
        continue;
      }
      const uint32_t groups = random() % (round % 2 ? 2 : 25) + 1;
      put_header(groups << 1 | 1);
      for (uint32_t i = 0; i < groups; ++i) {
        bytes.push_back(static_cast<uint8_t>(random()));
        for (int bit = 0; bit < 8; ++bit) expected.push_back(bytes.back() >> bit & 1);
      }
    }
    expected.resize(random() % 200 + 1);  // the last run is cut off anywhere
    const auto bits = Bits(bytes, static_cast<int32_t>(expected.size()));
    ASSERT_TRUE(bits.ok()) << bits.status();
    ASSERT_EQ(*bits, expected);
  }
}

TEST(LevelBits, DamageFails) {
  EXPECT_EQ(Bits({5 << 1, 1}, 6).status().message(), "a page has too few definition levels");
  EXPECT_EQ(Bits({2 << 1 | 1, 0xff}, 9).status().message(), "a page has too few definition levels");
  EXPECT_EQ(Bits({5 << 1}, 5).status().message(), "a page has too few definition levels");
  EXPECT_EQ(Bits({0x80}, 5).status().message(), "a page has too few definition levels");
  EXPECT_FALSE(Bits({5 << 1, 2}, 5).ok());
  EXPECT_FALSE(Bits({0xff, 0xff, 0xff, 0xff, 0xff, 1}, 5).ok());
  EXPECT_FALSE(Bits({9, 0, 0, 0, 3 << 1, 1}, 3, false).ok());
  EXPECT_FALSE(Bits({1, 0}, 3, false).ok());
}

/// The size of the levels of a page with `count` of them, if all are 1.
std::optional<size_t> OnesIn(std::vector<uint8_t> body, int32_t count, int32_t rep_size = 0,
                             int32_t def_size = -1) {
  PageHeader header;
  header.type = def_size < 0 ? parquet::PageType::DATA_PAGE : parquet::PageType::DATA_PAGE_V2;
  header.def_encoding = parquet::Encoding::RLE;
  header.num_values = count;
  header.rep_size = rep_size;
  header.def_size = std::max(def_size, 0);
  return SizeOfOnes(header, body);
}

TEST(LevelBits, OneRunOfOnesIsToldFromAllElse) {
  EXPECT_EQ(OnesIn({2, 0, 0, 0, 5 << 1, 1, 77, 77}, 5), 6u);
  EXPECT_EQ(OnesIn({3, 0, 0, 0, 0x80 | 16, 1, 1, 77}, 72), 7u);  // a run of 72
  EXPECT_EQ(OnesIn({9, 9, 5 << 1, 1, 77}, 5, 2, 2), 4u);
  EXPECT_EQ(OnesIn({2, 0, 0, 0, 6 << 1, 1}, 5), 6u);  // it may claim more
  // A shorter one, zeros, packed bits, a number above 1, no value at all.
  EXPECT_EQ(OnesIn({2, 0, 0, 0, 4 << 1, 1}, 5), std::nullopt);
  EXPECT_EQ(OnesIn({2, 0, 0, 0, 5 << 1, 0}, 5), std::nullopt);
  EXPECT_EQ(OnesIn({2, 0, 0, 0, 1 << 1 | 1, 0xff}, 5), std::nullopt);
  EXPECT_EQ(OnesIn({2, 0, 0, 0, 5 << 1, 2}, 5), std::nullopt);
  EXPECT_EQ(OnesIn({2, 0, 0, 0, 0, 1}, 0), std::nullopt);
  // Cut off, or longer than the page.
  EXPECT_EQ(OnesIn({1, 0, 0, 0, 5 << 1, 1}, 5), std::nullopt);
  EXPECT_EQ(OnesIn({3, 0, 0, 0, 5 << 1, 1}, 5), std::nullopt);
  EXPECT_EQ(OnesIn({0xff, 0xff, 0xff, 0xff, 5 << 1, 1}, 5), std::nullopt);
  EXPECT_EQ(OnesIn({2, 0, 0}, 5), std::nullopt);
  EXPECT_EQ(OnesIn({5 << 1, 1}, 5, 0, 3), std::nullopt);
  EXPECT_EQ(OnesIn({5 << 1, 1}, 5, 1, 2), std::nullopt);
}

}  // namespace
}  // namespace usdparquet
