#include "core/check/time_check.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

#include "core/index/arrow_columns.h"
#include "core/util/message_text.h"

namespace usdparquet {

arrow::Status CheckTimes(const std::string& name, const arrow::ChunkedArray& column,
                         const std::vector<std::string_view>& paths,
                         std::span<const uint64_t> hashes) {
  ARROW_ASSIGN_OR_RAISE(const RowTimes read, ReadRowTimes(column, name));
  const std::vector<RowTime>& times = read.times;
  // Rows of one path and time, the earlier first.
  std::vector<uint32_t> order(times.size());
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](uint32_t row) {
    return std::tuple(hashes[row], times[row].kind, times[row].raw, row);
  };
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return key(a) < key(b); });
  constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  uint32_t earlier = 0, later = kNone;
  for (size_t i = 1; i < order.size(); ++i) {
    const uint32_t a = order[i - 1], b = order[i];
    const bool is_same = hashes[a] == hashes[b] && times[a].kind == times[b].kind &&
                         times[a].raw == times[b].raw && paths[a] == paths[b];
    if (!is_same || b > later) continue;
    earlier = a;
    later = b;
  }
  if (later == kNone) return arrow::Status::OK();
  return arrow::Status::Invalid("column '", name, "', row ", later, ": ", QuotedValue(paths[later]),
                                " has this time in row ", earlier,
                                " already; a prim has one row a time");
}

}  // namespace usdparquet
