// Property names of columns, and identifiers.

#include <gtest/gtest.h>

#include <string_view>

#include "core/schema/ascii_identifier.h"
#include "core/schema/property_name.h"

namespace usdparquet {
namespace {

TEST(PropertyName, KeepsWhatUsdAllows) {
  EXPECT_EQ(MakePropertyName("cost", {}), "cost");
  EXPECT_EQ(MakePropertyName("primvars:st", {}), "primvars:st");
  EXPECT_EQ(MakePropertyName("_x1", {}), "_x1");
}

TEST(PropertyName, ReplacesEveryOtherCharacterByOneUnderscore) {
  EXPECT_EQ(MakePropertyName("Unit cost ($)", {}), "Unit_cost____");
  EXPECT_EQ(MakePropertyName("1st", {}), "_1st");
  EXPECT_EQ(MakePropertyName("a:2", {}), "a:_2");
  EXPECT_EQ(MakePropertyName("a::b", {}), "a:_:b");
  EXPECT_EQ(MakePropertyName("", {}), "_");
  EXPECT_EQ(MakePropertyName("Größe", {}), "Gr__e");
}

TEST(PropertyName, KeepsUnicodeThatTheTestAllows) {
  const auto letters = [](std::string_view name) {
    return name.find("€") == std::string_view::npos;
  };
  EXPECT_EQ(MakePropertyName("Größe", letters), "Größe");
  EXPECT_EQ(MakePropertyName("in €", letters), "in__");
  EXPECT_TRUE(IsIdentifier("Größe", letters));
  EXPECT_FALSE(IsIdentifier("Größe", {}));
}

TEST(PropertyName, AsciiIdentifiersOfEachLength) {
  const auto is_letter = [](int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  EXPECT_FALSE(IsAsciiIdentifier(""));
  for (size_t size = 1; size <= 50; ++size) {
    std::string name = "aZ_09bYz";
    while (name.size() < size) name += name;
    name.resize(size);
    EXPECT_TRUE(IsAsciiIdentifier(name)) << name;
    for (size_t at = 0; at < size; ++at) {
      std::string other = name;
      for (int c = 0; c < 256; ++c) {
        other[at] = static_cast<char>(c);
        const bool is_digit = c >= '0' && c <= '9';
        ASSERT_EQ(IsAsciiIdentifier(other), is_letter(c) || (is_digit && at > 0))
            << size << " characters, number " << at << " is " << c;
      }
    }
  }
}

TEST(PropertyName, IdentifiersAreAsInUsd) {
  EXPECT_TRUE(IsIdentifier("a1_", {}));
  for (const char* name : {"", "1a", "a b", "a:b", "a-b", "a.b"})
    EXPECT_FALSE(IsIdentifier(name, {}));
}

}  // namespace
}  // namespace usdparquet
