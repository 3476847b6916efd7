#include "core/write/lasting_entries.h"

#include <algorithm>
#include <string_view>

namespace usdparquet {
namespace {

/// Keys that begin like this, and keys that are this, are about the columns, their types or the
/// rows as they were (docs/file-format.md lists them for users).
constexpr std::string_view kBeginnings[] = {"usdparquet:", "ARROW:",  "org.apache.spark.",
                                            "parquet.",    "writer.", "iceberg.",
                                            "avro.",       "thrift."};
constexpr std::string_view kKeys[] = {"pandas", "geo", "gdal:schema", "huggingface", "r"};

bool IsLasting(std::string_view key) {
  return std::ranges::none_of(kBeginnings, [&](auto each) { return key.starts_with(each); }) &&
         std::ranges::find(kKeys, key) == std::end(kKeys);
}

}  // namespace

std::shared_ptr<const arrow::KeyValueMetadata> LastingEntries(
    const std::shared_ptr<const arrow::KeyValueMetadata>& entries) {
  auto lasting = std::make_shared<arrow::KeyValueMetadata>();
  for (int64_t i = 0; entries && i < entries->size(); ++i) {
    if (IsLasting(entries->key(i))) lasting->Append(entries->key(i), entries->value(i));
  }
  return lasting;
}

}  // namespace usdparquet
