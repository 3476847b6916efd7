#pragma once

/// \file
/// The seal of the footer: a checksum of the footer in an entry of its own key-value metadata, so
/// that a flipped bit in a name, a type or a statistic is found. docs/file-format.md has the text.

#include <arrow/result.h>

#include <cstdint>
#include <span>
#include <string>

#include "core/util/export.h"

namespace usdparquet {

/// The footer's key whose value is its seal.
inline constexpr char kSealKey[] = "usdparquet:footer";

/// The value to write a footer with that SealFooter seals. A fixed width, as the sealed one.
USDPARQUET_API std::string UnsealedText();

/// Seals `footer`, the Thrift of a footer that will lie at byte `offset` of its file, in place.
/// Fails if it has no entry with UnsealedText.
USDPARQUET_API arrow::Status SealFooter(int64_t offset, std::span<uint8_t> footer);

/// Checks the seal of `footer`, the Thrift of a footer that lies at byte `offset` of its file, in
/// time linear in its size. True if it is sealed, and sound; false if it has no seal, one of
/// another major version, or one of another footer, which other software has carried along. Fails
/// if the footer is damaged or the seal can't be read. Thread-safe.
USDPARQUET_API arrow::Result<bool> CheckFooterSeal(int64_t offset, std::span<const uint8_t> footer);

}  // namespace usdparquet
