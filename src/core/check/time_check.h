#pragma once

/// \file
/// The times of a table that is to become a layer, checked before anything is written.

#include <arrow/chunked_array.h>
#include <arrow/status.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace usdparquet {

/// Fails at a time that is no time code, and at the first row with the path and the time of an
/// earlier one. `name` is what messages call the column; `hashes` are those of `paths`.
arrow::Status CheckTimes(const std::string& name, const arrow::ChunkedArray& times,
                         const std::vector<std::string_view>& paths,
                         std::span<const uint64_t> hashes);

}  // namespace usdparquet
