#pragma once

/// \file
/// The columns of the benchmark and the formula of their values.
///
/// A value is computed from its column and the key of its prim, so generate.py, the floor format
/// and the checks agree without keeping a table. The key is the row everywhere but in the floor
/// format.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace usdparquet_bench {

enum class Kind { kDouble, kInt, kBool, kString, kFloat3, kFloatArray };

/// A property of every prim. Numbers are uniform in [low, high); a bool is true with
/// probability `high`; a string is one of `high`.
struct Column {
  const char* name;
  Kind kind;
  double low = 0;
  double high = 1;
};

/// The 20 properties of the table, then those of the small scene of float3s and arrays.
inline constexpr std::array<Column, 22> kColumns = {{
    {"cost", Kind::kDouble, 10, 5000},       {"carbon_A1", Kind::kDouble, 0, 300},
    {"carbon_A2", Kind::kDouble, 0, 30},     {"carbon_A3", Kind::kDouble, 0, 110},
    {"carbon_A4", Kind::kDouble, 0, 22},     {"carbon_A5", Kind::kDouble, 0, 40},
    {"weight", Kind::kDouble, 5, 600},       {"temperature", Kind::kDouble, 10, 32},
    {"pressure", Kind::kDouble, 99, 104},    {"velocity_x", Kind::kDouble, -4, 4},
    {"velocity_y", Kind::kDouble, -4, 4},    {"velocity_z", Kind::kDouble, -1, 1},
    {"stress", Kind::kDouble, 0, 200},       {"strain", Kind::kDouble, 0, 0.003},
    {"efficiency", Kind::kDouble, 0.5, 1},   {"lifespan", Kind::kInt, 5, 101},
    {"is_active", Kind::kBool, 0, 0.85},     {"supplier_id", Kind::kString, 0, 500},
    {"material_code", Kind::kString, 0, 40}, {"install_date", Kind::kString, 0, 5040},
    {"extent_size", Kind::kFloat3, 0, 10},   {"samples", Kind::kFloatArray, 0, 100},
}};

inline constexpr size_t kTableColumns = 20;
inline constexpr size_t kCost = 0;
inline constexpr size_t kLifespan = 15;
inline constexpr size_t kIsActive = 16;
inline constexpr size_t kSupplier = 17;
inline constexpr size_t kSize = 20;
inline constexpr size_t kSamples = 21;

/// The columns with time samples: temperature, pressure, velocity_x.
inline constexpr std::array<size_t, 3> kPlaybackColumns = {7, 8, 9};
inline constexpr int kFrames = 240;

/// What a reader of a few properties reads: two doubles, an int, a bool, two strings.
inline constexpr std::array<size_t, 6> kSixColumns = {0, 1, 15, 16, 17, 18};

/// splitmix64 of a cell; `part` tells the elements of one value apart.
inline uint64_t Mix(uint64_t key, size_t column, uint64_t part = 0) {
  uint64_t z = key * 64 + column + (part << 48) + 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/// Uniform in [0, 1).
inline double Fraction(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

inline double DoubleValue(uint64_t key, size_t column) {
  const Column& c = kColumns[column];
  return c.low + (c.high - c.low) * Fraction(Mix(key, column));
}
/// The value of a prim at a frame from 0.
inline double SampleValue(uint64_t prim, int frame, size_t column) {
  return DoubleValue(prim * 1000 + static_cast<uint64_t>(frame), column);
}
inline int32_t IntValue(uint64_t key, size_t column) {
  return static_cast<int32_t>(DoubleValue(key, column));
}
inline bool BoolValue(uint64_t key, size_t column) {
  return Fraction(Mix(key, column)) < kColumns[column].high;
}

/// The strings of a column: the value is one of them.
inline std::vector<std::string> Vocabulary(size_t column) {
  static constexpr const char* kMaterials[] = {"STEEL",  "CONC",  "GLASS",  "ALU",
                                               "TIMBER", "BRICK", "GYPSUM", "COPPER"};
  std::vector<std::string> words;
  const int count = static_cast<int>(kColumns[column].high);
  for (int i = 0; i < count; ++i) {
    char word[32];
    if (column == kSupplier) {
      std::snprintf(word, sizeof(word), "SUP-%05d", i);
    } else if (column == kSupplier + 1) {
      std::snprintf(word, sizeof(word), "%s-%03d", kMaterials[i / 5], i % 5);
    } else {
      std::snprintf(word, sizeof(word), "%04d-%02d-%02d", 2010 + i / 336, 1 + i / 28 % 12,
                    1 + i % 28);
    }
    words.emplace_back(word);
  }
  return words;
}

inline const std::string& StringValue(uint64_t key, size_t column) {
  static const std::array<std::vector<std::string>, 3> kWords = {
      Vocabulary(kSupplier), Vocabulary(kSupplier + 1), Vocabulary(kSupplier + 2)};
  return kWords[column - kSupplier][static_cast<size_t>(DoubleValue(key, column))];
}

inline float FloatElement(uint64_t key, size_t column, uint64_t part) {
  return static_cast<float>(kColumns[column].high * Fraction(Mix(key, column, part)));
}

/// How many elements the array of a cell has: 4 to 12.
inline size_t ArraySize(uint64_t key) { return 4 + Mix(key, kSamples, 0xffff) % 9; }

}  // namespace usdparquet_bench
