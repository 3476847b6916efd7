#include "core/sections/residual_blob.h"

#include <arrow/buffer.h>
#include <arrow/util/key_value_metadata.h>

#include "core/sections/section_locator.h"
#include "core/util/limits.h"
#include "core/util/message_text.h"
#include "core/util/path_hash.h"

namespace usdparquet {

namespace {

constexpr char kCrate[] = "usdc";
constexpr char kPacked[] = "packed";
constexpr std::string_view kCrateMagic = "PXR-USDC";

}  // namespace

std::string ResidualLocator(int64_t offset, std::string_view bytes) {
  return SectionLocator{1,
                        0,
                        bytes.starts_with(kCrateMagic) ? kCrate : kPacked,
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
  const bool is_packed = locator->format == kPacked;
  if (locator->major != 1 || (!is_packed && locator->format != kCrate)) {
    return arrow::Status::Invalid("the residual is of version ", locator->major, ".",
                                  locator->minor, " and format ", QuotedValue(locator->format),
                                  "; this usdparquet reads version 1, usdc and packed: upgrade it");
  }
  if (is_packed && locator->length > kMaxPackedResidual) {
    return arrow::Status::CapacityError("the packed residual has ", locator->length,
                                        " bytes, more than ", kMaxPackedResidual,
                                        ": write the file with usdparquet");
  }
  ARROW_ASSIGN_OR_RAISE(const auto bytes, locator->Read(file));
  if (bytes && bytes->size() > 0 &&
      XXH3_64bits(bytes->data(), static_cast<size_t>(bytes->size())) == locator->checksum) {
    return ResidualBlob{locator->offset, locator->length, is_packed, bytes};
  }
  return arrow::Status::IOError(
      "what the table could not hold of the layer (its residual) is damaged or was dropped when "
      "other software rewrote the file; take the file as usdparquet wrote it");
}

}  // namespace usdparquet
