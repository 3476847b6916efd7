#pragma once

/// \file
/// The codecs that files are written with, by name.

#include <arrow/util/type_fwd.h>

#include <optional>
#include <string_view>

#include "core/util/export.h"

namespace usdparquet {

/// All names, as a message lists them.
inline constexpr char kCodecNames[] = "none, snappy, zstd";

/// The codec of that name, or nothing if there is none.
USDPARQUET_API std::optional<arrow::Compression::type> CodecNamed(std::string_view name);

}  // namespace usdparquet
