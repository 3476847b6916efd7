// Where rows go, beside a plain reference: a tree of names, and a stable sort.

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/index/row_ordering.h"
#include "status_assertions.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using namespace usdparquet_test;

using Paths = std::vector<std::optional<std::string>>;
using Times = std::vector<std::optional<double>>;

std::shared_ptr<arrow::ChunkedArray> Cells(const Paths& paths, size_t begin, size_t end) {
  arrow::StringBuilder builder;
  for (size_t i = begin; i < end; ++i) {
    EXPECT_TRUE((paths[i] ? builder.Append(*paths[i]) : builder.AppendNull()).ok());
  }
  return std::make_shared<arrow::ChunkedArray>(builder.Finish().ValueOrDie());
}

std::shared_ptr<arrow::ChunkedArray> Cells(const Times& times, size_t begin, size_t end) {
  arrow::DoubleBuilder builder;
  for (size_t i = begin; i < end; ++i) {
    EXPECT_TRUE((times[i] ? builder.Append(*times[i]) : builder.AppendNull()).ok());
  }
  return std::make_shared<arrow::ChunkedArray>(builder.Finish().ValueOrDie());
}

/// Adds rows in portions of up to `portion` rows.
void AddAll(const Paths& paths, const Times& times, size_t portion, RowOrdering* ordering) {
  for (size_t begin = 0; begin < paths.size(); begin += portion) {
    const size_t end = std::min(paths.size(), begin + portion);
    const auto when = times.empty() ? nullptr : Cells(times, begin, end);
    ASSERT_TRUE(IsRead(ordering->Add(*Cells(paths, begin, end), "path", when.get(), "t")));
  }
}

std::vector<uint32_t> PlacesOf(const Paths& paths, size_t portion = 1000) {
  RowOrdering ordering({});
  AddAll(paths, {}, portion, &ordering);
  return ordering.TakePlaces();
}

bool IsPrim(const std::optional<std::string>& path) {
  if (!path || path->size() < 2 || (*path)[0] != '/' || path->back() == '/') return false;
  return path->find("//") == std::string::npos && path->find('-') == std::string::npos;
}

/// The place of each prim in namespace order, children as they are first named.
class Namespace {
 public:
  explicit Namespace(const Paths& paths) {
    for (const auto& path : paths) {
      if (IsPrim(path)) Name(*path);
    }
    Visit("");
  }
  uint32_t RankOf(const std::optional<std::string>& path) const {
    return IsPrim(path) ? ranks_.at(*path) : std::numeric_limits<uint32_t>::max();
  }

 private:
  void Name(const std::string& path) {
    const std::string parent = path.substr(0, path.rfind('/'));
    if (!parent.empty()) Name(parent);
    std::vector<std::string>& siblings = children_[parent];
    if (std::ranges::find(siblings, path) == siblings.end()) siblings.push_back(path);
  }
  void Visit(const std::string& prim) {
    ranks_.emplace(prim, static_cast<uint32_t>(ranks_.size()));
    for (const std::string& child : children_[prim]) Visit(child);
  }

  std::map<std::string, std::vector<std::string>> children_;
  std::map<std::string, uint32_t> ranks_;
};

/// Turns rows in their order into the place of each.
std::vector<uint32_t> PlacesOfOrder(const std::vector<uint32_t>& rows) {
  std::vector<uint32_t> places(rows.size());
  for (uint32_t i = 0; i < rows.size(); ++i) places[rows[i]] = i;
  return places;
}

template <typename Key>
std::vector<uint32_t> StablePlaces(size_t count, const Key& key) {
  std::vector<uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0);
  std::stable_sort(rows.begin(), rows.end(),
                   [&](uint32_t a, uint32_t b) { return key(a) < key(b); });
  return PlacesOfOrder(rows);
}

Paths RandomPaths(size_t count, std::mt19937* chance) {
  const auto below = [&](uint32_t n) { return (*chance)() % n; };
  Paths paths;
  for (size_t i = 0; i < count; ++i) {
    if (below(20) == 0) {
      const Paths bad = {std::nullopt, "", "/", "no", "/a//b", "/a/", "/a-b/c", "/a/b-"};
      paths.push_back(bad[below(static_cast<uint32_t>(bad.size()))]);
      continue;
    }
    std::string path;
    const uint32_t depth = 1 + below(4);
    for (uint32_t d = 0; d < depth; ++d) path += "/n" + std::to_string(below(5));
    paths.push_back(path);
  }
  return paths;
}

TEST(RowOrdering, PutsDescendantsBehindTheirPrimAndKeepsTheOrderOfSiblings) {
  EXPECT_EQ(PlacesOf({"/b/x", "/a", "/b", "/a/y", "/b/w"}), (std::vector<uint32_t>{1, 3, 0, 4, 2}));
}

TEST(RowOrdering, RowsOfOnePathKeepTheirOrderAndOthersComeLast) {
  EXPECT_EQ(PlacesOf({"/b", "no", "/a", "/b", std::nullopt, "/b/c", "/b"}),
            (std::vector<uint32_t>{0, 5, 4, 1, 6, 3, 2}));
  EXPECT_TRUE(PlacesOf({}).empty());
}

TEST(RowOrdering, TellsOfRowsWithoutAPrimAndOfRepetitions) {
  RowOrdering ordering({});
  AddAll({"/b", std::nullopt, "/a", "/b", "no", "/a", "/b"}, {}, 2, &ordering);
  EXPECT_EQ(ordering.num_rows(), 7u);
  EXPECT_EQ(ordering.num_invalid(), 2u);
  ASSERT_TRUE(ordering.first_invalid());
  EXPECT_EQ(ordering.first_invalid()->row, 1u);
  EXPECT_FALSE(ordering.first_invalid()->path);
  EXPECT_EQ(ordering.num_repeated(), 3u);
  ASSERT_TRUE(ordering.first_repeated());
  EXPECT_EQ(ordering.first_repeated()->row, 3u);
  EXPECT_EQ(ordering.first_repeated()->path, "/b");
  EXPECT_EQ(ordering.RowBefore(3), 0u);
  EXPECT_EQ(ordering.RowBefore(6), 3u);
}

TEST(RowOrdering, HalfValidPathsLeaveNothingBehind) {
  RowOrdering ordering({});
  AddAll({"/a/b-", "/a-/b", "/c"}, {}, 10, &ordering);
  EXPECT_EQ(ordering.num_invalid(), 2u);
  EXPECT_EQ(ordering.TakePlaces(), (std::vector<uint32_t>{1, 2, 0}));
}

TEST(RowOrdering, IsThatOfATreeOfNames) {
  std::mt19937 chance(1);
  for (int turn = 0; turn < 200; ++turn) {
    const Paths paths = RandomPaths(chance() % 300, &chance);
    const Namespace names(paths);
    const auto expected =
        StablePlaces(paths.size(), [&](uint32_t row) { return names.RankOf(paths[row]); });
    EXPECT_EQ(PlacesOf(paths, 1 + chance() % 80), expected) << turn;
  }
}

TEST(RowOrdering, LongTablesGoByPathAndTimeOrByTimeAndPath) {
  std::mt19937 chance(2);
  for (int turn = 0; turn < 100; ++turn) {
    const Paths paths = RandomPaths(chance() % 200, &chance);
    Times times(paths.size());
    for (auto& time : times) {
      if (chance() % 5) time = static_cast<double>(chance() % 6) / 2 - 1;
    }
    const Namespace names(paths);
    const auto time_of = [&](uint32_t row) {
      return times[row].value_or(-std::numeric_limits<double>::infinity());
    };
    // Rows without a prim keep their order.
    const auto by_path = StablePlaces(paths.size(), [&](uint32_t row) {
      return std::tuple(names.RankOf(paths[row]), IsPrim(paths[row]) ? time_of(row) : 0);
    });
    const auto by_time = StablePlaces(paths.size(), [&](uint32_t row) {
      const bool is_prim = IsPrim(paths[row]);
      return std::tuple(!is_prim, is_prim ? time_of(row) : 0, names.RankOf(paths[row]));
    });
    for (const RowOrder order : {RowOrder::kPath, RowOrder::kTime}) {
      RowOrdering ordering({});
      AddAll(paths, times, 1 + chance() % 60, &ordering);
      EXPECT_EQ(ordering.TakePlaces(order, 24), order == RowOrder::kPath ? by_path : by_time)
          << turn;
    }
  }
}

TEST(RowOrdering, FindsTheFirstRepeatedTime) {
  std::mt19937 chance(3);
  for (int turn = 0; turn < 100; ++turn) {
    const Paths paths = RandomPaths(chance() % 60, &chance);
    Times times(paths.size());
    for (auto& time : times) {
      if (chance() % 5) time = static_cast<double>(chance() % 9);
    }
    std::optional<std::pair<uint32_t, uint32_t>> expected;
    for (uint32_t later = 0; later < paths.size() && !expected; ++later) {
      for (uint32_t earlier = later; earlier-- > 0;) {
        if (!IsPrim(paths[later]) || paths[earlier] != paths[later]) continue;
        if (times[earlier] != times[later]) continue;
        expected = {earlier, later};
        break;
      }
    }
    RowOrdering ordering({});
    AddAll(paths, times, 1 + chance() % 20, &ordering);
    EXPECT_EQ(ordering.FirstRepeatedTime(), expected) << turn;
  }
}

TEST(RowOrdering, SeesWhetherTimesFall) {
  const Paths paths(4, "/a");
  // Rows without a time come before all that have one.
  for (const auto& [times, is_rising] : {std::pair(Times{std::nullopt, 1.0, 1.0, 2.0}, true),
                                         {Times{1.0, std::nullopt, 1.0, 2.0}, false},
                                         {Times{1.0, 2.0, 1.5, 3.0}, false}}) {
    RowOrdering ordering({});
    AddAll(paths, times, 1, &ordering);
    EXPECT_EQ(ordering.is_in_order_of_time(), is_rising);
  }
}

TEST(RowOrdering, RefusesColumnsThatHoldNoPathsOrTimes) {
  RowOrdering ordering({});
  const arrow::ChunkedArray numbers(Doubles({1}));
  EXPECT_TRUE(IsRefused(ordering.Add(numbers, "path", nullptr, ""), "the path column 'path' "));
  const arrow::ChunkedArray paths(Strings({"/a"}));
  EXPECT_TRUE(IsRefused(ordering.Add(paths, "path", &paths, "t"), "column 't'"));
  RowOrdering other({});
  const arrow::ChunkedArray nan(Doubles({std::nan("")}));
  EXPECT_TRUE(IsRefused(other.Add(paths, "path", &nan, "t"), "column 't', row 0: "));
  EXPECT_EQ(other.num_rows(), 1u);  // its path counts
}

TEST(RowOrdering, InvertsPermutations) {
  EXPECT_EQ(Inverted({2, 0, 1}), (std::vector<uint32_t>{1, 2, 0}));
  EXPECT_TRUE(Inverted({}).empty());
}

}  // namespace
}  // namespace usdparquet
