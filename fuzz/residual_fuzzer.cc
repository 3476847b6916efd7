// Target: a packed residual. What can be unpacked can be packed, and is then unpacked as the same.

#include <pxr/usd/sdf/abstractData.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/check.h"
#include "plugin/values/packed_specs.h"

PXR_NAMESPACE_USING_DIRECTIVE

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto unpacked = UsdParquetUnpackSpecs({reinterpret_cast<const char*>(data), size});
  if (!unpacked) return 0;
  // Values that a writer would not pack may still be unpacked.
  const std::optional<std::string> packed = UsdParquetPackSpecs(*unpacked);
  if (!packed) return 0;
  const auto again = UsdParquetUnpackSpecs(*packed);
  FUZZ_CHECK(again, "what was packed can't be unpacked");
  const std::optional<std::string> packed_again = UsdParquetPackSpecs(*again);
  FUZZ_CHECK(packed_again && *packed_again == *packed, "what was packed is packed differently");
  return 0;
}
