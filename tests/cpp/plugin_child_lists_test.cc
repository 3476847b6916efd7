// Lists of children, which are kept in the page cache.

#include <gtest/gtest.h>
#include <pxr/base/plug/registry.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/primSpec.h>
#include <pxr/usd/sdf/schema.h>
#include <pxr/usd/sdf/types.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "core/pages/page_cache.h"
#include "test_files.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace {

using namespace usdparquet_test;
using usdparquet::CacheStats;
using usdparquet::PageCache;

CacheStats Stats() { return PageCache::Instance().Stats(); }

/// The children of `/World/Zone_z` in a table of 250 rows: rows 100 z to 100 z + 99.
TfTokenVector ZoneNames(int zone) {
  TfTokenVector names;
  for (int row = 100 * zone; row < std::min(100 * zone + 100, 250); ++row) {
    names.push_back(SdfPath(MixedPath(row)).GetNameToken());
  }
  return names;
}

SdfPath Zone(int zone) { return SdfPath("/World/Zone_" + std::to_string(zone)); }

TfTokenVector NamesOf(const SdfLayerRefPtr& layer, const SdfPath& prim) {
  TfTokenVector typed;
  layer->HasField(prim, SdfChildrenKeys->PrimChildren, &typed);
  const VtValue value = layer->GetField(prim, SdfChildrenKeys->PrimChildren);
  EXPECT_TRUE(value.IsEmpty() ? typed.empty() : value == typed) << prim;
  return typed;
}

class ChildLists : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    PlugRegistry::GetInstance().RegisterPlugins(std::string(USDPARQUET_TEST_PLUGIN_DIR) + "/");
  }
  void TearDown() override { PageCache::Instance().SetBudget(PageCache::kDefaultBudget); }

  static SdfLayerRefPtr Open(const std::string& name) {
    return SdfLayer::FindOrOpen(WriteFile(name, *MixedTable(250)));
  }
};

TEST_F(ChildLists, AreTheSameEachTime) {
  const auto layer = Open("children_same.parquet");
  ASSERT_TRUE(layer);
  for (int i = 0; i < 4; ++i) {
    for (const int zone : {0, 1, 2}) EXPECT_EQ(NamesOf(layer, Zone(zone)), ZoneNames(zone));
    EXPECT_EQ(NamesOf(layer, SdfPath("/World")),
              (TfTokenVector{TfToken("Zone_0"), TfToken("Zone_1"), TfToken("Zone_2")}));
    EXPECT_EQ(NamesOf(layer, SdfPath("/")), TfTokenVector{TfToken("World")});
    EXPECT_EQ(NamesOf(layer, SdfPath(MixedPath(7))), TfTokenVector());
    EXPECT_EQ(layer->GetPrimAtPath(Zone(2))->GetNameChildren().size(), 50u);
  }
}

TEST_F(ChildLists, AreKeptFromTheFirstTimeOnAndCounted) {
  auto layer = Open("children_kept.parquet");
  const CacheStats once = Stats();
  const VtValue value = layer->GetField(Zone(1), SdfChildrenKeys->PrimChildren);
  const CacheStats twice = Stats();
  EXPECT_GT(twice.misses, once.misses);
  EXPECT_GT(twice.bytes_resident, once.bytes_resident + 100 * sizeof(TfToken));
  const VtValue again = layer->GetField(Zone(1), SdfChildrenKeys->PrimChildren);
  EXPECT_EQ(Stats().misses, twice.misses);
  EXPECT_EQ(Stats().bytes_resident, twice.bytes_resident);
  // One list, which both values share.
  EXPECT_EQ(value.UncheckedGet<TfTokenVector>().data(), again.UncheckedGet<TfTokenVector>().data());
  // It outlives the layer and its place in the cache.
  layer.Reset();
  EXPECT_LT(Stats().bytes_resident, twice.bytes_resident);
  EXPECT_EQ(again.UncheckedGet<TfTokenVector>(), ZoneNames(1));
}

TEST_F(ChildLists, GoWhenTheBudgetShrinks) {
  const auto layer = Open("children_budget.parquet");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(NamesOf(layer, Zone(0)), ZoneNames(0));
  const CacheStats kept = Stats();
  PageCache::Instance().SetBudget(0);
  EXPECT_LT(Stats().bytes_resident, kept.bytes_resident);
  // Too large for a quarter of the budget: not kept.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(NamesOf(layer, Zone(0)), ZoneNames(0));
  PageCache::Instance().SetBudget(PageCache::kDefaultBudget);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(NamesOf(layer, Zone(0)), ZoneNames(0));
  EXPECT_GT(Stats().bytes_resident, 100 * sizeof(TfToken));
}

TEST_F(ChildLists, FollowEdits) {
  const auto layer = Open("children_edits.parquet");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(NamesOf(layer, Zone(2)), ZoneNames(2));
  const VtValue before = layer->GetField(Zone(2), SdfChildrenKeys->PrimChildren);
  SdfPrimSpec::New(layer->GetPrimAtPath(Zone(2)), "New", SdfSpecifierDef);
  TfTokenVector expected = ZoneNames(2);
  EXPECT_EQ(before, VtValue(expected));
  expected.emplace_back("New");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(NamesOf(layer, Zone(2)), expected);
}

TEST_F(ChildLists, OfManyThreads) {
  PageCache::Instance().SetBudget(50'000);  // two or three lists
  const auto layer = Open("children_threads.parquet");
  std::vector<std::thread> threads;
  std::vector<int> good(4);
  for (size_t t = 0; t < good.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        const int zone = (i + static_cast<int>(t)) % 3;
        TfTokenVector names;
        layer->HasField(Zone(zone), SdfChildrenKeys->PrimChildren, &names);
        good[t] += names == ZoneNames(zone);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, std::vector<int>(4, 300));
}

}  // namespace
