#include "core/write/seal_file.h"

#include <arrow/buffer.h>

#include <span>
#include <string>

#include "core/pages/page_locations.h"
#include "core/schema/footer.h"
#include "core/sections/fingerprint.h"
#include "core/sections/footer_seal.h"
#include "core/sections/section.h"
#include "core/util/padding.h"

namespace usdparquet {
namespace {

/// Fills in the footer's entry for a section at byte `offset`.
arrow::Status FillInLocator(int64_t offset, const std::string& section, std::string* footer) {
  const std::string text = FixedWidthLocator(offset, section.size(), SectionChecksum(section));
  const std::span bytes(reinterpret_cast<const uint8_t*>(footer->data()), footer->size());
  const auto entry = FindFooterEntry(bytes, kPagesKey);
  if (!entry || entry->size() != text.size()) {
    return arrow::Status::UnknownError("the footer was written without the entry '", kPagesKey,
                                       "'");
  }
  footer->replace(static_cast<size_t>(entry->data() - footer->data()), text.size(), text);
  return arrow::Status::OK();
}

}  // namespace

std::shared_ptr<arrow::KeyValueMetadata> WithUnsealedEntries(
    const std::shared_ptr<const arrow::KeyValueMetadata>& entries) {
  auto result = std::make_shared<arrow::KeyValueMetadata>();
  for (int64_t i = 0; entries && i < entries->size(); ++i) {
    if (entries->key(i) == kPagesKey || entries->key(i) == kSealKey) continue;
    result->Append(entries->key(i), entries->value(i));
  }
  for (const char* key : {kPagesKey, kSealKey}) result->Append(key, FixedWidthLocator(0, 0, 0));
  return result;
}

arrow::Result<int64_t> SealFile(ReplaceFile* file, const parquet::FileMetaData& metadata,
                                int path_leaf, int time_leaf) {
  ARROW_ASSIGN_OR_RAISE(const auto written, file->OpenWritten());
  ARROW_ASSIGN_OR_RAISE(const FooterBytes old, ReadFooter(*written));
  ARROW_ASSIGN_OR_RAISE(
      const std::string section,
      SerializePageLocations(*written, metadata, FingerprintOf(metadata, path_leaf, time_leaf)));
  const std::string padding = PaddingAt(old.offset, kSectionAlignment);
  const int64_t section_at = old.offset + static_cast<int64_t>(padding.size());
  const int64_t footer_at = section_at + static_cast<int64_t>(section.size());
  std::string footer = old.bytes->ToString();
  ARROW_RETURN_NOT_OK(FillInLocator(section_at, section, &footer));
  ARROW_RETURN_NOT_OK(
      SealFooter(footer_at, std::span(reinterpret_cast<uint8_t*>(footer.data()), footer.size())));
  const auto length = static_cast<uint32_t>(footer.size());
  footer.append(reinterpret_cast<const char*>(&length), sizeof(length)).append("PAR1");
  ARROW_RETURN_NOT_OK(file->Overwrite(old.offset, padding));
  ARROW_RETURN_NOT_OK(file->Overwrite(section_at, section));
  ARROW_RETURN_NOT_OK(file->Overwrite(footer_at, footer));
  return footer_at + static_cast<int64_t>(footer.size());
}

}  // namespace usdparquet
