#include "core/index/namespace_order.h"

#include <arrow/array.h>

#include <algorithm>
#include <numeric>

namespace usdparquet {
namespace {

template <typename Array>
void AppendViews(const Array& array, std::vector<std::string_view>* out) {
  for (int64_t i = 0; i < array.length(); ++i) {
    out->push_back(array.IsNull(i) ? std::string_view() : std::string_view(array.GetView(i)));
  }
}

arrow::Status AppendChunk(const arrow::Array& chunk, std::vector<std::string_view>* out) {
  switch (chunk.type_id()) {
    case arrow::Type::STRING:
      AppendViews(static_cast<const arrow::StringArray&>(chunk), out);
      return arrow::Status::OK();
    case arrow::Type::LARGE_STRING:
      AppendViews(static_cast<const arrow::LargeStringArray&>(chunk), out);
      return arrow::Status::OK();
    case arrow::Type::STRING_VIEW:
      AppendViews(static_cast<const arrow::StringViewArray&>(chunk), out);
      return arrow::Status::OK();
    case arrow::Type::DICTIONARY: {
      const auto& coded = static_cast<const arrow::DictionaryArray&>(chunk);
      std::vector<std::string_view> entries;
      ARROW_RETURN_NOT_OK(AppendChunk(*coded.dictionary(), &entries));
      for (int64_t i = 0; i < coded.length(); ++i) {
        out->push_back(coded.IsNull(i) ? std::string_view() : entries[coded.GetValueIndex(i)]);
      }
      return arrow::Status::OK();
    }
    default:
      return arrow::Status::Invalid("has type ", chunk.type()->ToString(),
                                    "; it must hold strings");
  }
}

/// Gives the rows of a prim and its descendants their ranks.
class Ranking {
 public:
  Ranking(const std::vector<std::string_view>& paths, const IndexedPaths& indexed)
      : paths_(paths), index_(indexed.index), ranks_(paths.size(), kNoNamespaceRank) {
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

}  // namespace

arrow::Result<std::vector<std::string_view>> StringViews(const arrow::ChunkedArray& column) {
  std::vector<std::string_view> views;
  views.reserve(column.length());
  for (const auto& chunk : column.chunks()) ARROW_RETURN_NOT_OK(AppendChunk(*chunk, &views));
  return views;
}

arrow::Result<IndexedPaths> IndexPaths(const std::vector<std::string_view>& paths,
                                       const IdentifierTest& unicode_test) {
  IndexedPaths indexed;
  const auto same = [&](uint32_t a, uint32_t b) { return paths[a] == paths[b]; };
  for (uint64_t seed = 0; seed < 8; ++seed) {
    std::vector<PathScan> scans{PathScan(RootPathHash(seed), unicode_test)};
    indexed.hashes.assign(paths.size(), 0);
    for (uint32_t row = 0; row < paths.size(); ++row) {
      if (paths[row].data()) {
        indexed.hashes[row] = scans[0].Add(row, paths[row]);
      } else {
        scans[0].AddNull(row);
      }
    }
    if (PathIndexBuilder::Build(seed, indexed.hashes, scans, same, &indexed.index,
                                &indexed.report)) {
      return indexed;
    }
  }
  return arrow::Status::Invalid("different paths share their hashes with every seed");
}

std::vector<uint32_t> NamespaceRanks(const std::vector<std::string_view>& paths,
                                     const IndexedPaths& indexed) {
  const Ranking ranking(paths, indexed);
  std::vector<uint32_t> ranks(paths.size(), kNoNamespaceRank);
  for (uint32_t row = 0; row < paths.size(); ++row) {
    if (indexed.hashes[row] == 0) continue;
    const PrimId prim = indexed.index.Find(indexed.hashes[row]);
    ranks[row] = ranking.RankOf(indexed.index.RowOf(prim));
  }
  return ranks;
}

std::vector<uint32_t> NamespaceOrder(const std::vector<std::string_view>& paths,
                                     const IndexedPaths& indexed) {
  const std::vector<uint32_t> ranks = NamespaceRanks(paths, indexed);
  std::vector<uint32_t> order(paths.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&ranks](uint32_t a, uint32_t b) { return ranks[a] < ranks[b]; });
  return order;
}

}  // namespace usdparquet
