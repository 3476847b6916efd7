// The scan of paths and the path index.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/index/path_index_builder.h"

namespace usdparquet {
namespace {

uint64_t HashOf(std::string_view path, uint64_t seed = 0) {
  uint64_t hash = RootPathHash(seed);
  for (size_t begin = 1; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    hash = ChildPathHash(hash, path.substr(begin, end - begin));
    begin = end + 1;
  }
  return hash;
}

/// An index of `paths`, each row scanned in stretches of `stretch` rows.
struct Built {
  PathIndex index;
  PathIndexReport report;
};

Built Build(const std::vector<std::string>& paths, size_t stretch) {
  Built built;
  const IdentifierTest ascii_only;
  std::vector<uint64_t> hashes(paths.size());
  std::vector<PathScan> scans;
  for (size_t row = 0; row < paths.size(); ++row) {
    if (row % stretch == 0) scans.emplace_back(RootPathHash(0), ascii_only);
    hashes[row] = scans.back().Add(static_cast<uint32_t>(row), paths[row]);
  }
  const auto same = [&](uint32_t a, uint32_t b) { return paths[a] == paths[b]; };
  EXPECT_TRUE(PathIndexBuilder::Build(0, hashes, scans, same, &built.index, &built.report));
  return built;
}

std::vector<std::string> ChildrenOf(const PathIndex& index, PrimId prim,
                                    const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  if (!prim.is_parent()) return names;
  for (const ChildRun& run : index.Children(prim)) {
    for (uint32_t row = run.first_row; row < run.first_row + run.count; ++row) {
      size_t begin = 1;
      for (uint32_t d = 0; d < index.Depth(prim); ++d) begin = paths[row].find('/', begin) + 1;
      names.push_back(paths[row].substr(begin, paths[row].find('/', begin) - begin));
    }
  }
  return names;
}

/// What the index should say, computed the plain way.
struct Reference {
  std::map<std::string, uint32_t> row_of;                    // last row wins
  std::map<std::string, std::vector<std::string>> children;  // of "/", "/a", …, in file order
  std::set<std::string> prims;

  explicit Reference(const std::vector<std::string>& paths) {
    for (uint32_t row = 0; row < paths.size(); ++row) {
      row_of[paths[row]] = row;
      std::string parent;
      for (size_t begin = 1; begin <= paths[row].size();) {
        const size_t end = std::min(paths[row].find('/', begin), paths[row].size());
        const std::string name = paths[row].substr(begin, end - begin);
        if (prims.insert(parent + "/" + name).second) children[parent].push_back(name);
        parent += "/" + name;
        begin = end + 1;
      }
    }
  }
};

class PathIndexNamespaces : public testing::TestWithParam<int> {};

TEST_P(PathIndexNamespaces, EqualTheReference) {
  std::mt19937 random(GetParam());
  std::vector<std::string> paths;
  const int rows = 1 + static_cast<int>(random() % 400);
  for (int i = 0; i < rows; ++i) {
    std::string path;
    const int depth = 1 + static_cast<int>(random() % 5);
    for (int d = 0; d < depth; ++d) path += "/n" + std::to_string(random() % (2 + 3 * d));
    paths.push_back(path);
  }
  if (GetParam() % 2 == 0) {  // namespace order, without duplicates
    std::sort(paths.begin(), paths.end());
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  }
  const Reference expected(paths);
  const Built built = Build(paths, 1 + random() % 50);

  EXPECT_EQ(built.report.num_invalid, 0u);
  EXPECT_EQ(built.report.num_duplicates, paths.size() - expected.row_of.size());
  EXPECT_EQ(built.index.num_row_prims(), expected.row_of.size());
  for (const std::string& prim : expected.prims) {
    const PrimId id = built.index.Find(HashOf(prim));
    ASSERT_TRUE(id) << prim;
    const auto row = expected.row_of.find(prim);
    EXPECT_EQ(built.index.RowOf(id), row == expected.row_of.end() ? PrimId::kNone : row->second);
    const auto children = expected.children.find(prim);
    EXPECT_EQ(ChildrenOf(built.index, id, paths),
              children == expected.children.end() ? std::vector<std::string>() : children->second)
        << prim;
    EXPECT_EQ(id.is_parent(), children != expected.children.end());
  }
  EXPECT_EQ(ChildrenOf(built.index, built.index.root(), paths), expected.children.at(""));
  EXPECT_FALSE(built.index.Find(HashOf("/absent")));
}

INSTANTIATE_TEST_SUITE_P(Seeds, PathIndexNamespaces, testing::Range(0, 60));

TEST(PathIndex, LeavesInvalidPathsOutAndCountsThem) {
  const std::vector<std::string> paths = {"/a/b",  "relative", "/a//c", "/",        "",
                                          "/a/b/", "/a.prop",  "/1st",  "/a/{v=x}", "/a/c"};
  const Built built = Build(paths, 3);
  EXPECT_EQ(built.report.num_invalid, 8u);
  EXPECT_EQ(built.report.invalid_rows, (std::vector<uint32_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(ChildrenOf(built.index, built.index.root(), paths), std::vector<std::string>{"a"});
  EXPECT_EQ(ChildrenOf(built.index, built.index.Find(HashOf("/a")), paths),
            (std::vector<std::string>{"b", "c"}));
}

TEST(PathIndex, EmptyFileHasOnlyTheRoot) {
  const Built built = Build({}, 1);
  EXPECT_TRUE(built.index.Children(built.index.root()).empty());
  EXPECT_EQ(built.index.num_parents(), 1u);
}

TEST(PathIndex, FlatNamespaceIsOneRun) {
  std::vector<std::string> paths;
  for (int i = 0; i < 5000; ++i) paths.push_back("/World/Prim_" + std::to_string(i));
  const Built built = Build(paths, 700);  // stretches must not show
  EXPECT_EQ(built.index.Children(built.index.Find(HashOf("/World"))).size(), 1u);
}

}  // namespace
}  // namespace usdparquet
