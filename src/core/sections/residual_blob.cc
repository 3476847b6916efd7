#include "core/sections/residual_blob.h"

#include <arrow/buffer.h>
#include <arrow/util/key_value_metadata.h>

#include "core/sections/section_locator.h"
#include "core/util/message_text.h"
#include "core/util/path_hash.h"

namespace usdparquet {

static constexpr char kFormat[] = "usdc";

std::string ResidualLocator(int64_t offset, std::string_view bytes) {
  return SectionLocator{1,
                        0,
                        kFormat,
                        offset,
                        static_cast<int64_t>(bytes.size()),
                        XXH3_64bits(bytes.data(), bytes.size())}
      .Text();
}

arrow::Result<std::optional<ResidualBlob>> FindResidual(arrow::io::RandomAccessFile& file,
                                                        const parquet::FileMetaData& metadata) {
  const auto& pairs = metadata.key_value_metadata();
  const int key = pairs ? pairs->FindKey(kResidualKey) : -1;
  if (key < 0) return std::nullopt;
  const auto locator = SectionLocator::Parse(pairs->value(key));
  if (!locator || locator->format.empty()) {
    return arrow::Status::Invalid("the footer's '", kResidualKey,
                                  "' can't be read: ", QuotedValue(pairs->value(key)));
  }
  if (locator->major != 1 || locator->format != kFormat) {
    return arrow::Status::Invalid("the residual is of version ", locator->major, ".",
                                  locator->minor, " and format ", QuotedValue(locator->format),
                                  "; this usdparquet reads version 1, usdc: upgrade it");
  }
  ARROW_ASSIGN_OR_RAISE(const auto bytes, locator->Read(file));
  if (bytes && bytes->size() > 0 &&
      XXH3_64bits(bytes->data(), static_cast<size_t>(bytes->size())) == locator->checksum) {
    return ResidualBlob{locator->offset, locator->length};
  }
  return arrow::Status::IOError(
      "what the table could not hold of the layer (its residual) is damaged or was dropped when "
      "other software rewrote the file; take the file as usdparquet wrote it");
}

}  // namespace usdparquet
