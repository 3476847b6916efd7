#pragma once

/// \file
/// The layouts and codecs that files are written with, by name.

#include <arrow/result.h>
#include <arrow/util/type_fwd.h>

#include <optional>
#include <string_view>

#include "core/util/export.h"
#include "core/write/table_writer.h"

namespace usdparquet {

/// All names, as a message lists them.
inline constexpr char kCodecNames[] = "none, lz4, snappy, zstd", kLayoutNames[] = "size, access";

/// The codec of that name, or nothing if there is none.
USDPARQUET_API std::optional<arrow::Compression::type> CodecNamed(std::string_view name);

/// The same, or an error that lists the names.
USDPARQUET_API arrow::Result<arrow::Compression::type> ParseCodec(std::string_view name);

/// The layout of that name, or nothing if there is none. That without a name is the default.
USDPARQUET_API std::optional<FileLayout> LayoutNamed(std::string_view name);

}  // namespace usdparquet
