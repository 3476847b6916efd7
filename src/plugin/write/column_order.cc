#include "plugin/write/column_order.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>
#include <utility>

PXR_NAMESPACE_OPEN_SCOPE

namespace {

constexpr uint64_t EdgeOf(uint32_t from, uint32_t to) { return uint64_t{from} << 32 | to; }

}  // namespace

// A topological sort (A. B. Kahn, 1962) of "stands right before", in which the rarer of two
// opposite edges is dropped, and a longer circle is broken where the ranks say.
std::vector<uint32_t> UsdParquetColumnOrder(std::vector<UsdParquetPropertyList> lists,
                                            const std::vector<uint32_t>& chosen,
                                            const std::vector<uint32_t>& preferred) {
  std::stable_sort(lists.begin(), lists.end(),
                   [](const auto& a, const auto& b) { return a.num_prims > b.num_prims; });
  std::unordered_map<uint32_t, uint32_t> rank_of;  // of those chosen that were met; others: none
  for (const uint32_t id : chosen) rank_of.emplace(id, UINT32_MAX);
  std::vector<uint32_t> by_rank;
  const auto rank = [&](uint32_t id) {  // UINT32_MAX: it is not chosen
    const auto found = rank_of.find(id);
    if (found == rank_of.end()) return UINT32_MAX;
    if (found->second == UINT32_MAX) {
      found->second = static_cast<uint32_t>(by_rank.size());
      by_rank.push_back(id);
    }
    return found->second;
  };
  for (const uint32_t id : preferred) rank(id);
  std::unordered_map<uint64_t, uint64_t> edges;  // how many prims have it, by edge between ranks
  for (const UsdParquetPropertyList& list : lists) {
    uint32_t last = UINT32_MAX;
    for (const uint32_t id : list.properties) {
      const uint32_t now = rank(id);
      if (now == UINT32_MAX) continue;
      if (last != UINT32_MAX) edges[EdgeOf(last, now)] += list.num_prims;
      last = now;
    }
  }

  std::vector<std::vector<uint32_t>> behind(by_rank.size());
  std::vector<uint32_t> num_before(by_rank.size());
  for (const auto& [edge, prims] : edges) {
    const auto from = static_cast<uint32_t>(edge >> 32), to = static_cast<uint32_t>(edge);
    const auto opposite = edges.find(EdgeOf(to, from));
    if (opposite != edges.end() &&
        (opposite->second > prims || (opposite->second == prims && to <= from))) {
      continue;
    }
    behind[from].push_back(to);
    ++num_before[to];
  }

  std::vector<uint32_t> order;
  std::vector<bool> is_placed(by_rank.size());
  std::priority_queue<uint32_t, std::vector<uint32_t>, std::greater<>> ready;
  for (uint32_t i = 0; i < by_rank.size(); ++i) {
    if (num_before[i] == 0) ready.push(i);
  }
  for (uint32_t next = 0; order.size() < by_rank.size();) {
    if (ready.empty()) {  // a circle
      while (is_placed[next]) ++next;
      ready.push(next);
    }
    const uint32_t first = ready.top();
    ready.pop();
    if (is_placed[first]) continue;
    is_placed[first] = true;
    order.push_back(by_rank[first]);
    for (const uint32_t other : behind[first]) {
      if (--num_before[other] == 0 && !is_placed[other]) ready.push(other);
    }
  }
  return order;
}

PXR_NAMESPACE_CLOSE_SCOPE
