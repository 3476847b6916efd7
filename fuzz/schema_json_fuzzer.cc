// Target: the JSON of the footer's entry `usdparquet:schema`. What can be read can be written, and
// is read again as the same.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/schema/schema_entry.h"
#include "fuzz/check.h"

namespace {

using usdparquet::ParseSchemaEntry;
using usdparquet::SchemaEntry;

void CheckWritten(const SchemaEntry& entry) {
  const std::string text = usdparquet::SerializeSchemaEntry(entry);
  const auto again = ParseSchemaEntry(text);
  FUZZ_CHECK(again.ok(), again.status().ToString() + "\n" + text);
  FUZZ_CHECK(*again == entry, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read = ParseSchemaEntry({reinterpret_cast<const char*>(data), size});
  if (!read.ok()) return 0;
  SchemaEntry entry = *read;
  CheckWritten(entry);
  (void)usdparquet::TimeCodesPerSecondOf(entry);
  usdparquet::StateNullMeanings(&entry);
  CheckWritten(entry);
  return 0;
}
