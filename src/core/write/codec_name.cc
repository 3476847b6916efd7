#include "core/write/codec_name.h"

namespace usdparquet {

std::optional<arrow::Compression::type> CodecNamed(std::string_view name) {
  if (name == "none") return arrow::Compression::UNCOMPRESSED;
  if (name == "snappy") return arrow::Compression::SNAPPY;
  if (name == "zstd") return arrow::Compression::ZSTD;
  return std::nullopt;
}

}  // namespace usdparquet
