#include "core/index/row_order.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "core/index/arrow_columns.h"
#include "core/index/index_builder.h"

namespace usdparquet {
namespace {

constexpr uint32_t kNoRank = 0xffffffffu;

/// Gives the rows of a prim and its descendants their ranks.
class Ranking {
 public:
  Ranking(const std::vector<std::string_view>& paths, const TableIndex& index)
      : paths_(paths), index_(index.paths), ranks_(paths.size(), kNoRank) {
    Visit(index_.root(), index_.root_hash(), 0);
  }

  uint32_t RankOf(uint32_t row) const { return ranks_[row]; }

 private:
  void Visit(PrimId prim, uint64_t hash, uint32_t depth) {
    const uint32_t row = index_.RowOf(prim);
    if (row != PrimId::kNone) ranks_[row] = next_++;
    for (const ChildRun& run : index_.Children(prim)) {
      for (uint32_t r = run.first_row; r < run.first_row + run.count; ++r) {
        size_t begin = 1;
        for (uint32_t d = 0; d < depth; ++d) begin = paths_[r].find('/', begin) + 1;
        const size_t end = paths_[r].find('/', begin);
        const uint64_t child = ChildPathHash(hash, paths_[r].substr(begin, end - begin));
        Visit(index_.Find(child), child, depth + 1);
      }
    }
  }

  const std::vector<std::string_view>& paths_;
  const PathIndex& index_;
  std::vector<uint32_t> ranks_;
  uint32_t next_ = 0;
};

/// The place of each row's prim in namespace order; kNoRank for rows without a prim path. Rows with
/// the same path have the same.
std::vector<uint32_t> NamespaceRanks(const std::vector<std::string_view>& paths,
                                     const TableIndex& index) {
  const Ranking ranking(paths, index);
  std::vector<uint32_t> ranks(paths.size(), kNoRank);
  for (uint32_t row = 0; row < paths.size(); ++row) {
    if (index.hashes[row] == 0) continue;
    const PrimId prim = index.paths.Find(index.hashes[row]);
    ranks[row] = ranking.RankOf(index.paths.RowOf(prim));
  }
  return ranks;
}

}  // namespace

std::vector<uint32_t> NamespaceOrder(const std::vector<std::string_view>& paths,
                                     const TableIndex& index) {
  const std::vector<uint32_t> ranks = NamespaceRanks(paths, index);
  std::vector<uint32_t> order(paths.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&ranks](uint32_t a, uint32_t b) { return ranks[a] < ranks[b]; });
  return order;
}

std::vector<uint32_t> LongTableOrder(const std::vector<std::string_view>& paths,
                                     const RowTimes& times, const TableIndex& index,
                                     RowOrder order) {
  const std::vector<uint32_t> ranks = NamespaceRanks(paths, index);
  std::vector<double> codes(paths.size());
  for (size_t row = 0; row < codes.size(); ++row) {
    const RowTime& time = times.times[row];
    codes[row] = time.kind == RowTime::Kind::kSample
                     ? index.times->scale().CodeOf(times.column, time.raw)
                     : -std::numeric_limits<double>::infinity();
  }
  std::vector<uint32_t> rows(paths.size());
  std::iota(rows.begin(), rows.end(), 0);
  std::stable_sort(rows.begin(), rows.end(), [&](uint32_t a, uint32_t b) {
    const bool has_a = ranks[a] != kNoRank, has_b = ranks[b] != kNoRank;
    if (has_a != has_b) return has_a;
    if (!has_a) return false;
    if (order == RowOrder::kPath) {
      return ranks[a] != ranks[b] ? ranks[a] < ranks[b] : codes[a] < codes[b];
    }
    return codes[a] != codes[b] ? codes[a] < codes[b] : ranks[a] < ranks[b];
  });
  return rows;
}

bool IsInOrderOfTime(const RowTimes& times) {
  const RowTime* last = nullptr;
  for (const RowTime& time : times.times) {
    if (time.kind != RowTime::Kind::kSample) continue;
    const bool is_falling =
        last && (times.column.has_timestamps()
                     ? time.raw < last->raw
                     : std::bit_cast<double>(time.raw) < std::bit_cast<double>(last->raw));
    if (is_falling) return false;
    last = &time;
  }
  return true;
}

}  // namespace usdparquet
