// Target: whole files, edited in their structure, that are opened, read, saved and recovered. The
// input is a recipe (recipe.h): a seed and edits. Checksums are made right after the edits, so that
// decoders are reached; or else they stay what they were, and what is read has to be what the
// undamaged seed says, or nothing.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/check.h"
#include "fuzz/parquet_file.h"
#include "fuzz/reading.h"
#include "fuzz/recipe.h"
#include "fuzz/saving.h"

namespace {

using namespace usdparquet_fuzz;

struct Seed {
  std::string bytes;
  bool is_sealed = false;  ///< every byte that matters is under a checksum
  Answers answers;
};

const std::vector<Seed>& Seeds() {
  static const auto seeds = [] {
    std::vector<Seed> found;
    for (const std::string& name : SeedNames()) {
      Seed seed;
      seed.bytes = ReadSeed(name);
      seed.is_sealed = ParquetFile::Parse(seed.bytes)->Entry("usdparquet:footer").has_value();
      seed.answers = ReadAll(seed.bytes, {});
      FUZZ_CHECK(seed.answers.error.empty(), name + ": " + seed.answers.error);
      found.push_back(std::move(seed));
    }
    return found;
  }();
  return seeds;
}

/// What a damaged file says has to be what it said before, or nothing.
void CheckAgainst(const Seed& seed, const Answers& now) {
  if (!now.error.empty()) return;
  if (!now.has_damage) {
    FUZZ_CHECK(now.prims == seed.answers.prims, "other prims, and no damage is reported");
    FUZZ_CHECK(now.rows == seed.answers.rows, "other rows, and no damage is reported");
    FUZZ_CHECK(now.times == seed.answers.times, "other times, and no damage is reported");
  }
  for (const auto& [path, row] : now.rows) {
    FUZZ_CHECK(seed.answers.rows.contains(path), "a new prim " + path);
  }
  CheckSameCells(seed.answers, now, now.has_damage, "damaged");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto recipe = Recipe::Parse({reinterpret_cast<const char*>(data), size});
  if (!recipe) return 0;
  const Seed& seed = Seeds()[recipe->seed % Seeds().size()];
  if (!seed.is_sealed) recipe->flags &= static_cast<uint8_t>(~Recipe::kKeepsChecksums);
  const bool keeps = recipe->flags & Recipe::kKeepsChecksums;
  const std::string file = Cook(*recipe, seed.bytes);

  ReadingOptions options;
  options.is_mapped = recipe->flags & Recipe::kIsMapped;
  options.with_checks = recipe->flags & Recipe::kChecks;
  options.with_columns = recipe->flags & Recipe::kReadsColumns;
  options.with_nulls = recipe->flags & Recipe::kAsksNulls;
  const Answers answers = ReadAll(file, options);
  if (keeps) CheckAgainst(seed, answers);
  if (recipe->flags & Recipe::kPatches && answers.error.empty()) CheckPatch(file, answers);
  if (recipe->flags & Recipe::kRewrites) CheckRewrite(file);
  if (recipe->flags & Recipe::kRecovers) CheckRecovery(file, keeps ? &seed.answers : nullptr);
  return 0;
}

// libFuzzer calls these two, if it is there.

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned int seed) {
  const std::string mutated =
      MutateRecipe({reinterpret_cast<const char*>(data), size}, max_size, seed, Seeds().size());
  std::copy(mutated.begin(), mutated.end(), data);
  return mutated.size();
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data, size_t size, const uint8_t* other,
                                            size_t other_size, uint8_t* out, size_t max_size,
                                            unsigned int seed) {
  const std::string mixed =
      MixRecipes({reinterpret_cast<const char*>(data), size},
                 {reinterpret_cast<const char*>(other), other_size}, max_size, seed);
  std::copy(mixed.begin(), mixed.end(), out);
  return mixed.size();
}
