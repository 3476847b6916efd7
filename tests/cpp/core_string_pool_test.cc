#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "core/pages/page.h"
#include "core/util/utf8.h"

namespace usdparquet {
namespace {

/// Texts as a PLAIN page stores them, each with its length before it.
struct Stored {
  explicit Stored(const std::vector<std::string>& texts) {
    pool.gap = sizeof(uint32_t);
    for (const std::string& text : texts) {
      const auto length = static_cast<uint32_t>(text.size());
      bytes.append(reinterpret_cast<const char*>(&length), sizeof(length));
      pool.offsets.push_back(static_cast<uint32_t>(bytes.size()));
      bytes += text;
    }
    if (!texts.empty()) pool.offsets.push_back(static_cast<uint32_t>(bytes.size()) + pool.gap);
    pool.stored = bytes.data();
  }
  Stored(const Stored&) = delete;

  std::string bytes;
  StringPool pool;
};

bool HasNul(const std::vector<std::string>& texts) { return Stored(texts).pool.HasNul(); }
bool AreAllUtf8(const std::vector<std::string>& texts) { return Stored(texts).pool.IsUtf8(); }

TEST(StringPool, LengthsOfStoredTextsAreNoTexts) {
  const std::string nul(1, '\0');
  EXPECT_FALSE(HasNul({}));
  EXPECT_FALSE(HasNul({""}));
  EXPECT_FALSE(HasNul({"", "", ""}));
  EXPECT_FALSE(HasNul({"a", "", std::string(256, 'b'), std::string(65536, 'c'), "d"}));
  EXPECT_TRUE(HasNul({nul}));
  EXPECT_TRUE(HasNul({"", nul}));
  EXPECT_TRUE(HasNul({"a", std::string(256, 'b') + nul, "c"}));
  EXPECT_TRUE(AreAllUtf8({}));
  EXPECT_TRUE(AreAllUtf8({"", std::string(200, 'a'), "\xc3\xa9"}));  // 200 is no ASCII
  EXPECT_FALSE(AreAllUtf8({"a", "\xc3"}));
  EXPECT_FALSE(AreAllUtf8({"\xc3", "\xa9"}));
}

TEST(StringPool, AsIfEachTextWereLookedAt) {
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> texts(random() % 12);
    const bool has_nuls = random() % 3 == 0, has_others = random() % 3 == 0;
    for (std::string& text : texts) {
      text.resize(random() % (random() % 4 == 0 ? 700 : 20));
      for (char& character : text) {
        const auto chance = random() % 64;
        character = chance == 0 && has_nuls     ? '\0'
                    : chance == 1 && has_others ? static_cast<char>(random())
                                                : static_cast<char>('a' + chance % 26);
      }
    }
    const Stored stored(texts);
    ASSERT_EQ(stored.pool.size(), texts.size());
    EXPECT_EQ(stored.pool.HasNul(), std::ranges::any_of(texts, [](const std::string& text) {
                return text.find('\0') != std::string::npos;
              }));
    EXPECT_EQ(stored.pool.IsUtf8(),
              std::ranges::all_of(texts, [](const std::string& text) { return IsUtf8(text); }));
  }
}

}  // namespace
}  // namespace usdparquet
