#pragma once

/// \file
/// The seal of the footer: a checksum of the footer in an entry of its own key-value metadata, so
/// that a flipped bit in a name, a type or a statistic is found. docs/file-format.md has the text.

#include <arrow/result.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/util/export.h"

namespace usdparquet {

/// The footer's key whose value is its seal.
inline constexpr char kSealKey[] = "usdparquet:footer";

/// A locator of a section (section_locator.h) whose text has always the same length, so that it can
/// be filled in where it stands. REQUIRES: the numbers have no more than 20 and 10 digits.
USDPARQUET_API std::string FixedWidthLocator(int64_t offset, size_t length, uint64_t checksum);

/// The value of an entry in `footer`, the Thrift of a footer, which it points into; nothing if
/// there is none of that key. Linear in the footer.
USDPARQUET_API std::optional<std::string_view> FindFooterEntry(std::span<const uint8_t> footer,
                                                               std::string_view key);

/// Seals `footer`, the Thrift of a footer that will lie at byte `offset` of its file, in place.
/// Fails if it has no entry kSealKey whose value is as long as a FixedWidthLocator.
USDPARQUET_API arrow::Status SealFooter(int64_t offset, std::span<uint8_t> footer);

/// Checks the seal of `footer`, the Thrift of a footer that lies at byte `offset` of its file, in
/// time linear in its size. True if it is sealed, and sound; false if it has no seal, one of
/// another major version, or one of another footer, which other software has carried along. Fails
/// if the footer is damaged or the seal can't be read. Thread-safe.
USDPARQUET_API arrow::Result<bool> CheckFooterSeal(int64_t offset, std::span<const uint8_t> footer);

}  // namespace usdparquet
