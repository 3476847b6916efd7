// Texts that are UTF-8 and texts that are not, alone and end to end.

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/util/utf8.h"

namespace usdparquet {
namespace {

TEST(Utf8, IsWhatTheStandardSays) {
  for (const char* good : {"", "a", "\x7f", "ä", "€", "\xf0\x9f\x98\x80", "12345678ä12345678"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xff", "12345678\xff", "1234567\xe2\x82"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
  EXPECT_EQ(WithValidUtf8("a\xff\xc3\xa4\xc3"), "a\xef\xbf\xbdä\xef\xbf\xbd");
}

// Random bytes, of which many are parts of characters, cut anywhere.
TEST(Utf8, OfTextsEndToEndIsThatOfEach) {
  std::mt19937 random(1);
  const std::vector<std::string> parts{"a", "bcdefghi", "ä", "€", "\xc3", "\xa4", "\xf0\x9f", ""};
  int num_good = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string chars;
    std::vector<int32_t> offsets{0};
    bool are_good = true;
    const size_t count = random() % 6;
    for (size_t i = 0; i < count; ++i) {
      std::string text;
      for (size_t k = random() % 4; k > 0; --k) text += parts[random() % parts.size()];
      are_good = are_good && IsUtf8(text);
      chars += text;
      offsets.push_back(static_cast<int32_t>(chars.size()));
    }
    num_good += are_good;
    ASSERT_EQ(AreUtf8(chars.data(), offsets.data(), count), are_good) << chars;
  }
  EXPECT_GT(num_good, 1000);
}

}  // namespace
}  // namespace usdparquet
