// Target: the path index, the time index and the page locations, whose checksums are made right.
// The input is a byte that chooses section and file, and the section without its checksums.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/index/path_index_file.h"
#include "core/index/time_index_file.h"
#include "core/pages/page_locations.h"
#include "fuzz/check.h"
#include "fuzz/parquet_file.h"
#include "fuzz/reading.h"

namespace {

using usdparquet_fuzz::Answers;
using usdparquet_fuzz::ParquetFile;

constexpr size_t kHeader = 192, kBlock = 32 * 1024;

/// A section of a sound file.
struct Place {
  const char* seed;
  const char* key;
  size_t fingerprint_at;
  size_t rows_at;
  size_t num_blocks_at;
};
constexpr std::array kPlaces{
    Place{"flat.parquet", usdparquet::kIndexKey, 32, 40, 76},
    Place{"flat.parquet", usdparquet::kPagesKey, 24, 32, 52},
    Place{"long_path.parquet", usdparquet::kIndexKey, 32, 40, 76},
    Place{"long_path.parquet", usdparquet::kTimesKey, 24, 32, 60},
    Place{"long_time.parquet", usdparquet::kTimesKey, 24, 32, 60},
    Place{"exported_long.parquet", usdparquet::kTimesKey, 24, 32, 60},
};

struct Sound {
  ParquetFile file;
  std::string section;
};

const Sound& SoundFile(size_t number) {
  static const auto files = [] {
    std::array<Sound, kPlaces.size()> found;
    for (size_t i = 0; i < kPlaces.size(); ++i) {
      found[i].file = *ParquetFile::Parse(usdparquet_fuzz::ReadSeed(kPlaces[i].seed));
      const auto place = found[i].file.FindSection(kPlaces[i].key);
      FUZZ_CHECK(place, kPlaces[i].seed);
      found[i].section = found[i].file.body.substr(static_cast<size_t>(place->offset),
                                                   static_cast<size_t>(place->length));
    }
    return found;
  }();
  return files[number];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 + kHeader) return 0;
  const size_t number = (data[0] & 15) % kPlaces.size();
  const Place& place = kPlaces[number];
  const Sound& sound = SoundFile(number);
  std::string section(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t body = section.size() - kHeader;
  const auto num_blocks = static_cast<uint32_t>((body + kBlock - 1) / kBlock);
  section.resize(section.size() + num_blocks * sizeof(uint32_t));
  // What only a foreign section would not have, so that the rest is looked at.
  std::memcpy(section.data(), sound.section.data(), 12);
  std::memcpy(section.data() + place.fingerprint_at, sound.section.data() + place.fingerprint_at,
              sizeof(uint64_t));
  if (!(data[0] & 16)) {
    std::memcpy(section.data() + place.rows_at, sound.section.data() + place.rows_at,
                sizeof(uint32_t));
    std::memcpy(section.data() + 12, sound.section.data() + 12, sizeof(uint32_t));
    const uint64_t total = section.size();
    std::memcpy(section.data() + 16, &total, sizeof(total));
    std::memcpy(section.data() + place.num_blocks_at, &num_blocks, sizeof(num_blocks));
  }
  ParquetFile file = sound.file;
  file.SetSection(place.key, std::move(section));
  usdparquet_fuzz::ReadingOptions options;
  options.is_mapped = !(data[0] & 32);
  options.with_columns = data[0] & 64;
  options.with_checks = data[0] & 128;
  options.with_cells = place.key == usdparquet::kPagesKey;
  (void)usdparquet_fuzz::ReadAll(file.Bytes(), options);
  return 0;
}
