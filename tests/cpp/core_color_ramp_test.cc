// Colour ramps, and what their colours are in linear light.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/color/color_ramp.h"

namespace usdparquet {
namespace {

TEST(ColorRamp, RampsAreThoseOfTheirAuthors) {
  struct Known {
    std::string name;
    SrgbColor first, quarter, middle, last;
  };
  const std::vector<Known> known = {{"viridis", 0x440154, 0x3b528b, 0x21918c, 0xfde725},
                                    {"magma", 0x000004, 0x51127c, 0xb73779, 0xfcfdbf},
                                    {"turbo", 0x30123b, 0x28bceb, 0xa4fc3c, 0x7a0403},
                                    {"coolwarm", 0x3b4cc0, 0x8db0fe, 0xdddcdc, 0xb40426}};
  for (const Known& each : known) {
    const ColorRamp* const ramp = FindColorRamp(each.name);
    ASSERT_NE(ramp, nullptr) << each.name;
    EXPECT_FALSE(ramp->is_categorical);
    ASSERT_EQ(ramp->colors.size(), 256u) << each.name;
    EXPECT_EQ(ramp->colors[0], each.first) << each.name;
    EXPECT_EQ(ramp->colors[64], each.quarter) << each.name;
    EXPECT_EQ(ramp->colors[128], each.middle) << each.name;
    EXPECT_EQ(ramp->colors[255], each.last) << each.name;
  }
}

TEST(ColorRamp, RampsAreSmooth) {
  for (const ColorRamp& ramp : ColorRamps()) {
    if (ramp.is_categorical) continue;
    for (size_t i = 1; i < ramp.colors.size(); ++i) {
      for (int shift = 0; shift < 24; shift += 8) {
        const int here = ramp.colors[i] >> shift & 0xff;
        const int before = ramp.colors[i - 1] >> shift & 0xff;
        EXPECT_LE(std::abs(here - before), 8) << ramp.name << " " << i;
      }
    }
  }
}

TEST(ColorRamp, CategoriesAreAllDifferent) {
  const ColorRamp& ramp = ColorRamps().back();
  EXPECT_EQ(ramp.name, "categories");
  EXPECT_TRUE(ramp.is_categorical);
  EXPECT_EQ(ramp.colors.size(), 21u);
  EXPECT_EQ(std::set<SrgbColor>(ramp.colors.begin(), ramp.colors.end()).size(), 21u);
  EXPECT_EQ(ramp.colors[0], 0x0072b2u);
  EXPECT_EQ(ramp.colors[7], 0x80b9d9u);   // halfway to white
  EXPECT_EQ(ramp.colors[14], 0x003959u);  // halfway to black
}

TEST(ColorRamp, UnknownNameIsNone) {
  EXPECT_EQ(FindColorRamp("jet"), nullptr);
  EXPECT_EQ(FindColorRamp(""), nullptr);
  EXPECT_EQ(FindColorRamp("Viridis"), nullptr);
}

TEST(ColorRamp, ColorsAreLinear) {
  // By the formula of IEC 61966-2-1.
  EXPECT_EQ(LinearColorOf(0x000000), (std::array{0.0f, 0.0f, 0.0f}));
  EXPECT_EQ(LinearColorOf(0xffffff), (std::array{1.0f, 1.0f, 1.0f}));
  const auto [red, green, blue] = LinearColorOf(0x0a80bc);
  EXPECT_FLOAT_EQ(red, 10 / 255.0f / 12.92f);
  EXPECT_FLOAT_EQ(green, 0.21586050f);
  EXPECT_FLOAT_EQ(blue, 0.50288646f);
}

}  // namespace
}  // namespace usdparquet
