// Target: the Thrift of a footer. The input is the footer of one of three sound files, which is
// opened with it.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/parquet_file.h"
#include "fuzz/reading.h"

namespace {

/// What lies before the footers of the files whose footers are the seeds.
const std::string& BodyOf(size_t number) {
  static const auto bodies = [] {
    std::array<std::string, 3> found;
    size_t i = 0;
    for (const char* name : {"types_none.parquet", "flat.parquet", "exported_long.parquet"}) {
      found[i++] = usdparquet_fuzz::ParquetFile::Parse(usdparquet_fuzz::ReadSeed(name))->body;
    }
    return found;
  }();
  return bodies[number % bodies.size()];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view footer(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string file = BodyOf(data[0]);
  file += footer;
  const auto length = static_cast<uint32_t>(footer.size());
  file.append(reinterpret_cast<const char*>(&length), sizeof(length));
  file += "PAR1";
  usdparquet_fuzz::ReadingOptions options;
  options.is_mapped = data[0] & 0x80;
  options.with_checks = data[0] & 0x40;
  options.with_columns = data[0] & 0x20;
  (void)usdparquet_fuzz::ReadAll(file, options);
  return 0;
}
