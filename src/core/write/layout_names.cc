#include "core/write/layout_names.h"

namespace usdparquet {

std::optional<arrow::Compression::type> CodecNamed(std::string_view name) {
  if (name == "none") return arrow::Compression::UNCOMPRESSED;
  if (name == "snappy") return arrow::Compression::SNAPPY;
  // Parquet's LZ4_RAW, as pyarrow calls it: the older LZ4 of Hadoop is written by nobody.
  if (name == "lz4") return arrow::Compression::LZ4;
  if (name == "zstd") return arrow::Compression::ZSTD;
  return std::nullopt;
}

arrow::Result<arrow::Compression::type> ParseCodec(std::string_view name) {
  if (const auto codec = CodecNamed(name)) return *codec;
  return arrow::Status::Invalid("compression '", name, "' is none of ", kCodecNames);
}

std::optional<FileLayout> LayoutNamed(std::string_view name) {
  if (name == "size") return FileLayout::kSize;
  if (name == "access") return FileLayout::kAccess;
  return std::nullopt;
}

}  // namespace usdparquet
