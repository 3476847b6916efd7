#pragma once

/// \file
/// What whole files are made of: a seed, and edits of its structure.
///
/// A recipe is bytes: the number of the seed, flags, then edits of 17 bytes, each with up to 255
/// bytes behind it. All bytes are a recipe, so libFuzzer may change any of them; MutateRecipe
/// knows where edits begin.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace usdparquet_fuzz {

/// What an edit changes. Numbers of places are taken modulo how many there are.
enum class EditKind : uint8_t {
  kFooterNumber,  ///< number `which` of the footer's Thrift
  kFooterText,    ///< text `which` of it, from byte `where` on
  kFooterList,    ///< list `which` of it: an item goes, comes twice, or the count is claimed
  kFooterField,   ///< field number `which` goes
  kPageNumber,    ///< number `where` in the header of page `which`
  kPageBody,      ///< the stored body of page `which`, from byte `where` on
  kPageValues,    ///< the same, before it was compressed
  kPageList,      ///< page `which` goes, comes twice, is cut, or changes places
  kOffsetIndex,   ///< number `where` of the offset index of chunk `which`
  kSection,       ///< bytes of section `which`, from byte `where` on
  kSectionSize,   ///< section `which` is cut or grows
  kResidual,      ///< bytes of the residual, from byte `where` on
  kSchemaEntry,   ///< the JSON of `usdparquet:schema`, from byte `where` on
  kRaw,           ///< bytes of the file, whose checksums stay what they were
};
inline constexpr size_t kNumEditKinds = 14;

/// How a number changes.
enum class NumberChange : uint8_t { kSet, kAdd, kFlipBit, kInteresting, kOther };
inline constexpr size_t kNumNumberChanges = 5;

/// As it lies in a recipe.
struct Edit {
  EditKind kind = EditKind::kRaw;
  uint8_t change = 0;  ///< a NumberChange, or what a list or page suffers
  uint16_t where = 0;
  uint32_t which = 0;
  uint64_t value = 0;
  std::string payload;  ///< bytes to put; if there are none, the last bytes of `value`
};

struct Recipe {
  uint8_t seed = 0;
  uint8_t flags = 0;
  std::vector<Edit> edits;

  static constexpr uint8_t kKeepsChecksums = 1;  ///< one raw edit, and nothing is made right
  static constexpr uint8_t kIsMapped = 2, kChecks = 4, kReadsColumns = 8, kPatches = 16,
                           kRewrites = 32, kRecovers = 64, kAsksNulls = 128;

  static std::optional<Recipe> Parse(std::string_view bytes);
  std::string Bytes() const;
};

/// The edited file.
std::string Cook(const Recipe& recipe, std::string_view seed);

/// A recipe made of `bytes` by a random change or two; no longer than `max_size`.
std::string MutateRecipe(std::string_view bytes, size_t max_size, uint32_t random_seed,
                         size_t num_seeds);

/// A recipe with the first edits of one and the last ones of another.
std::string MixRecipes(std::string_view first, std::string_view second, size_t max_size,
                       uint32_t random_seed);

}  // namespace usdparquet_fuzz
