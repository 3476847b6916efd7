#pragma once

/// \file
/// Checks the times of a table before it is written as a layer.

#include <arrow/chunked_array.h>
#include <arrow/status.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace usdparquet {

/// Fails at the first time that no time code can hold, and at the first row with the path and the
/// time of an earlier one. `name` is what messages call the column; `hashes` are those of `paths`.
arrow::Status CheckTimes(const std::string& name, const arrow::ChunkedArray& times,
                         const std::vector<std::string_view>& paths,
                         std::span<const uint64_t> hashes);

}  // namespace usdparquet
