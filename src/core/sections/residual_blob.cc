#include "core/sections/residual_blob.h"

#include <arrow/buffer.h>
#include <arrow/util/key_value_metadata.h>

#include <cinttypes>
#include <cstdio>

#include "core/util/message_text.h"
#include "core/util/path_hash.h"

namespace usdparquet {

std::string ResidualLocator(int64_t offset, std::string_view bytes) {
  char text[160];
  std::snprintf(text, sizeof(text),
                "version=1.0 format=usdc offset=%" PRId64 " length=%zu checksum=%016" PRIx64,
                offset, bytes.size(), XXH3_64bits(bytes.data(), bytes.size()));
  return text;
}

arrow::Result<std::optional<ResidualBlob>> FindResidual(arrow::io::RandomAccessFile& file,
                                                        const parquet::FileMetaData& metadata) {
  const auto& pairs = metadata.key_value_metadata();
  const int key = pairs ? pairs->FindKey(kResidualKey) : -1;
  if (key < 0) return std::nullopt;
  unsigned major = 0, minor = 0;
  char format[16] = {};
  ResidualBlob blob;
  uint64_t checksum = 0;
  if (std::sscanf(pairs->value(key).c_str(),
                  "version=%u.%u format=%15s offset=%" SCNd64 " length=%" SCNd64
                  " checksum=%" SCNx64,
                  &major, &minor, format, &blob.offset, &blob.length, &checksum) != 6) {
    return arrow::Status::Invalid("the footer's '", kResidualKey,
                                  "' can't be read: ", QuotedValue(pairs->value(key)));
  }
  if (major != 1 || std::string_view(format) != "usdc") {
    return arrow::Status::Invalid("the residual is of version ", major, ".", minor, " and format ",
                                  QuotedValue(format),
                                  "; this usdparquet reads version 1, usdc: upgrade it");
  }
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file.GetSize());
  if (blob.offset >= 0 && blob.length > 0 && blob.offset <= size - blob.length) {
    ARROW_ASSIGN_OR_RAISE(const auto bytes, file.ReadAt(blob.offset, blob.length));
    if (bytes->size() == blob.length &&
        XXH3_64bits(bytes->data(), static_cast<size_t>(blob.length)) == checksum) {
      return blob;
    }
  }
  return arrow::Status::IOError(
      "what the table could not hold of the layer (its residual) is damaged or was dropped when "
      "other software rewrote the file; take the file as usdparquet wrote it");
}

}  // namespace usdparquet
