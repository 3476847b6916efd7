#pragma once

/// \file
/// What other programs say in the footer of a file whose columns are written anew.

#include <arrow/util/key_value_metadata.h>

#include <memory>

#include "core/util/export.h"

namespace usdparquet {

/// Those entries of a footer's key-value metadata that stay true when the file's rows and columns
/// are written anew, perhaps as other types, byte for byte: all but our own and those that are
/// known to describe how another program stored its columns. `entries` may be null. Thread-safe.
USDPARQUET_API std::shared_ptr<const arrow::KeyValueMetadata> LastingEntries(
    const std::shared_ptr<const arrow::KeyValueMetadata>& entries);

}  // namespace usdparquet
