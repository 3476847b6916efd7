// The layer through SdfLayer: specs, fields, typed reads, threads.

#include <gtest/gtest.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <pxr/base/gf/vec3f.h>
#include <pxr/base/plug/registry.h>
#include <pxr/base/vt/array.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/attributeSpec.h>
#include <pxr/usd/sdf/fileFormat.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/primSpec.h>
#include <pxr/usd/sdf/schema.h>
// The headers on PyPI end with Sdf; a stock SDK has Usd as well.
#if __has_include(<pxr/usd/usd/stage.h>)
#define HAS_USD 1
#include <pxr/usd/usd/attribute.h>
#include <pxr/usd/usd/prim.h>
#include <pxr/usd/usd/stage.h>
#endif

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/pages/page_cache.h"
#include "diagnostic_trap.h"
#include "test_files.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace {

using namespace usdparquet_test;

class Layer : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    PlugRegistry::GetInstance().RegisterPlugins(std::string(USDPARQUET_TEST_PLUGIN_DIR) + "/");
  }

  static SdfLayerRefPtr Open(const std::string& path,
                             const SdfLayer::FileFormatArguments& arguments = {}) {
    return SdfLayer::FindOrOpen(path, arguments);
  }

  static SdfPath Attribute(int64_t row, const char* name) {
    return SdfPath(MixedPath(row)).AppendProperty(TfToken(name));
  }
};

TEST_F(Layer, PresentsEverySpec) {
  const auto layer = Open(WriteFile("specs.parquet", *MixedTable(250)));
  ASSERT_TRUE(layer);
  EXPECT_EQ(layer->GetFileFormat()->GetFormatId(), TfToken("parquet"));
  size_t prims = 0, attributes = 0;
  layer->Traverse(SdfPath::AbsoluteRootPath(), [&](const SdfPath& path) {
    if (path.IsPrimPath()) ++prims;
    if (path.IsPropertyPath()) ++attributes;
  });
  EXPECT_EQ(prims, 250u + 3 + 1);  // rows, zones, World
  size_t nulls = 0;
  for (int64_t row = 0; row < 250; ++row) nulls += !MixedHasCost(row) + !MixedHasNote(row);
  EXPECT_EQ(nulls, 86u);
  EXPECT_EQ(attributes, 250u * 7 - nulls);
  EXPECT_EQ(layer->GetSpecType(SdfPath("/")), SdfSpecTypePseudoRoot);
  EXPECT_EQ(layer->GetSpecType(SdfPath("/World")), SdfSpecTypePrim);
  EXPECT_EQ(layer->GetSpecType(Attribute(7, "cost")), SdfSpecTypeAttribute);
}

TEST_F(Layer, KnowsWhatItHasNot) {
  const auto layer = Open(WriteFile("absent.parquet", *MixedTable(250)));
  for (const char* path : {"/Absent", "/World/Prim_1", "/World.cost", "/World/Zone_0.cost",
                           "/World/Zone_0/Prim_1.absent", "/World/Zone_0/Prim_1{v=x}",
                           "/World/Zone_0{v=x}Prim_1.cost", "/World/Zone_0/Prim_1.cost[/World]"}) {
    EXPECT_FALSE(layer->HasSpec(SdfPath(path))) << path;
    EXPECT_FALSE(layer->HasSpec(SdfPath(path))) << path << " the second time";
  }
}

TEST_F(Layer, FieldsOfPrimsAreTheSameOnceTheyAreKnown) {
  const auto layer = Open(WriteFile("prim_fields.parquet", *MixedTable(250)));
  const SdfPath row(MixedPath(120)), zone("/World/Zone_1"), none("/World/Zone_1/None");
  const TfToken type_name("typeName"), nothing("nothing");
  const auto has = [&](const SdfPath& path, const TfToken& field) {
    const bool has_field = layer->HasField(path, field);
    EXPECT_EQ(!layer->GetField(path, field).IsEmpty(), has_field) << path << " " << field;
    return has_field;
  };
  for (int time = 0; time < 3; ++time) {
    for (const SdfPath& path : {row, zone, SdfPath("/World")}) {
      EXPECT_FALSE(has(path, SdfFieldKeys->Kind)) << path;
      EXPECT_FALSE(has(path, nothing)) << path;
      EXPECT_EQ(layer->GetField(path, SdfFieldKeys->Specifier), VtValue(SdfSpecifierOver));
      EXPECT_EQ(has(path, SdfChildrenKeys->PrimChildren), path != row);
      EXPECT_EQ(has(path, SdfChildrenKeys->PropertyChildren), path == row);
      EXPECT_EQ(layer->GetSpecType(path), SdfSpecTypePrim);
      // Required fields have a fallback where there is a spec.
      EXPECT_EQ(layer->GetFieldAs<SdfSpecifier>(path, SdfFieldKeys->Specifier), SdfSpecifierOver);
    }
    EXPECT_FALSE(has(none, SdfFieldKeys->Kind));
    EXPECT_FALSE(has(none, SdfFieldKeys->Specifier));
    EXPECT_EQ(layer->GetSpecType(none), SdfSpecTypeUnknown);
    EXPECT_FALSE(has(SdfPath("/"), SdfFieldKeys->Specifier));
    EXPECT_TRUE(has(SdfPath("/"), SdfChildrenKeys->PrimChildren));
    EXPECT_EQ(layer->GetSpecType(SdfPath("/")), SdfSpecTypePseudoRoot);
  }
  layer->GetPrimAtPath(row)->SetTypeName("Xform");
  layer->GetPrimAtPath(zone)->SetKind(TfToken("group"));
  EXPECT_EQ(layer->GetField(row, type_name), VtValue(TfToken("Xform")));
  EXPECT_EQ(layer->GetField(zone, SdfFieldKeys->Kind), VtValue(TfToken("group")));
  EXPECT_FALSE(has(row, SdfFieldKeys->Kind));
  layer->Reload(true);
  EXPECT_FALSE(has(row, type_name));
  EXPECT_FALSE(has(zone, SdfFieldKeys->Kind));
}

TEST_F(Layer, ListsFieldsWithoutReadingPages) {
  const auto layer = Open(WriteFile("fields.parquet", *MixedTable(250)));
  const uint64_t misses = usdparquet::PageCache::Instance().Stats().misses;
  const SdfPath path = Attribute(7, "lifespan");
  EXPECT_EQ(layer->ListFields(path),
            (std::vector<TfToken>{SdfFieldKeys->TypeName, SdfFieldKeys->Custom,
                                  SdfFieldKeys->Variability, SdfFieldKeys->Default}));
  EXPECT_EQ(layer->GetFieldAs<TfToken>(path, SdfFieldKeys->TypeName), TfToken("int"));
  EXPECT_EQ(layer->GetFieldTypeid(path, SdfFieldKeys->Default), typeid(int));
  EXPECT_EQ(usdparquet::PageCache::Instance().Stats().misses, misses);
  // Two columns have nulls, in three pages each, and the rows are one block.
  EXPECT_EQ(
      layer->GetFieldAs<TfTokenVector>(SdfPath(MixedPath(7)), SdfChildrenKeys->PropertyChildren)
          .size(),
      7u);
  EXPECT_EQ(usdparquet::PageCache::Instance().Stats().misses, misses + 7);
  EXPECT_EQ(
      layer->GetFieldAs<TfTokenVector>(SdfPath(MixedPath(4)), SdfChildrenKeys->PropertyChildren)
          .size(),
      6u);
  EXPECT_EQ(usdparquet::PageCache::Instance().Stats().misses, misses + 7);
}

TEST_F(Layer, TypedReadsOfEveryRow) {
  const auto layer = Open(WriteFile("typed.parquet", *MixedTable(1234)));
  const TfToken& field = SdfFieldKeys->Default;
  for (int64_t row = 0; row < 1234; ++row) {
    double cost = 0;
    ASSERT_EQ(layer->HasField(Attribute(row, "cost"), field, &cost), MixedHasCost(row));
    ASSERT_EQ(cost, MixedHasCost(row) ? MixedCost(row) : 0);
    int lifespan = 0;
    ASSERT_TRUE(layer->HasField(Attribute(row, "lifespan"), field, &lifespan));
    ASSERT_EQ(lifespan, MixedLifespan(row));
    bool is_active = false;
    ASSERT_TRUE(layer->HasField(Attribute(row, "is_active"), field, &is_active));
    ASSERT_EQ(is_active, MixedIsActive(row));
    std::string supplier;
    ASSERT_TRUE(layer->HasField(Attribute(row, "supplier"), field, &supplier));
    ASSERT_EQ(supplier, MixedSupplier(row));
    GfVec3f size;
    ASSERT_TRUE(layer->HasField(Attribute(row, "size"), field, &size));
    ASSERT_EQ(size, GfVec3f(MixedSize(row, 0), MixedSize(row, 1), MixedSize(row, 2)));
    VtArray<int> samples;
    ASSERT_TRUE(layer->HasField(Attribute(row, "samples"), field, &samples));
    const auto expected = MixedSamples(row);
    ASSERT_EQ(samples, VtArray<int>(expected.begin(), expected.end()));
  }
}

TEST_F(Layer, ATypedReadOfAnotherTypeFails) {
  const auto layer = Open(WriteFile("mismatch.parquet", *MixedTable(10)));
  float wrong = 5;
  EXPECT_FALSE(layer->HasField(Attribute(0, "cost"), SdfFieldKeys->Default, &wrong));
  EXPECT_EQ(wrong, 5);
}

TEST_F(Layer, PathsMayDieAndHandlesBeReused) {
  const auto layer = Open(WriteFile("handles.parquet", *MixedTable(2000)));
  // Paths made and dropped over and over: their handles serve for other paths afterwards.
  for (int round = 0; round < 20; ++round) {
    for (int64_t row = round; row < 2000; row += 17) {
      int lifespan = -1;
      ASSERT_TRUE(layer->HasField(Attribute(row, "lifespan"), SdfFieldKeys->Default, &lifespan));
      ASSERT_EQ(lifespan, MixedLifespan(row));
      ASSERT_FALSE(layer->HasSpec(SdfPath("/Other_" + std::to_string(round * 10000 + row))));
    }
  }
}

TEST_F(Layer, EightThreadsUnderOneMegabyteAgree) {
  constexpr int64_t kRows = 20000;
  const auto layer = Open(WriteFile("layer_threads.parquet", *MixedTable(kRows),
                                    {.rows_per_group = 5000, .rows_per_page = 500}));
  usdparquet::PageCache::Instance().SetBudget(uint64_t{1} << 20);
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int n = 0; n < 4000; ++n) {
        const auto row = static_cast<int64_t>(random() % kRows);
        double cost = 0;
        ASSERT_EQ(layer->HasField(Attribute(row, "cost"), SdfFieldKeys->Default, &cost),
                  MixedHasCost(row));
        ASSERT_EQ(cost, MixedHasCost(row) ? MixedCost(row) : 0);
        std::string note;
        ASSERT_EQ(layer->HasField(Attribute(row, "note"), SdfFieldKeys->Default, &note),
                  MixedHasNote(row));
        ASSERT_EQ(note, MixedHasNote(row) ? MixedNote(row) : "");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  usdparquet::PageCache::Instance().SetBudget(usdparquet::PageCache::kDefaultBudget);
}

TEST_F(Layer, PrefixRootsTheTable) {
  const std::string path = WriteFile("prefix.parquet", *MixedTable(250));
  const auto layer = Open(path, {{"prefix", "/Site/Building"}});
  ASSERT_TRUE(layer);
  EXPECT_EQ(layer->GetSpecType(SdfPath("/Site")), SdfSpecTypePrim);
  EXPECT_EQ(layer->GetSpecType(SdfPath("/Site/Building")), SdfSpecTypePrim);
  EXPECT_FALSE(layer->HasSpec(SdfPath("/World")));
  const SdfPath attribute("/Site/Building/World/Zone_1/Prim_123.lifespan");
  EXPECT_EQ(layer->GetFieldAs<int>(attribute, SdfFieldKeys->Default), MixedLifespan(123));
  size_t prims = 0;
  layer->Traverse(SdfPath::AbsoluteRootPath(), [&](const SdfPath& p) { prims += p.IsPrimPath(); });
  EXPECT_EQ(prims, 250u + 3 + 1 + 2);
}

#ifdef HAS_USD
TEST_F(Layer, ComposesOnAStage) {
  const std::string path = WriteFile("stage.parquet", *MixedTable(250));
  const auto root = SdfLayer::CreateAnonymous(".usda");
  root->SetSubLayerPaths({path});
  const auto stage = UsdStage::Open(root);
  const auto prim = stage->GetPrimAtPath(SdfPath(MixedPath(42)));
  ASSERT_TRUE(prim);
  double cost = 0;
  ASSERT_TRUE(prim.GetAttribute(TfToken("cost")).Get(&cost));
  EXPECT_EQ(cost, MixedCost(42));
  EXPECT_EQ(prim.GetAttribute(TfToken("size")).GetTypeName(), SdfValueTypeNames->Float3);
}
#endif

TEST_F(Layer, EditsAreInMemoryUntilSaved) {
  const std::string path = WriteFile("edited.parquet", *MixedTable(10));
  const auto layer = Open(path);
  EXPECT_TRUE(layer->PermissionToEdit());
  layer->SetField(Attribute(0, "lifespan"), SdfFieldKeys->Default, VtValue(77));
  const auto lifespan = [](const SdfLayerHandle& of, int prim) {
    return of->GetFieldAs<int>(Attribute(prim, "lifespan"), SdfFieldKeys->Default);
  };
  EXPECT_EQ(lifespan(layer, 0), 77);
  EXPECT_EQ(lifespan(layer, 1), MixedLifespan(1));
  EXPECT_EQ(lifespan(SdfLayer::OpenAsAnonymous(path), 0), MixedLifespan(0));
  ASSERT_TRUE(layer->Save());
  EXPECT_EQ(lifespan(layer, 0), 77);
  const SdfLayerRefPtr reopened = SdfLayer::OpenAsAnonymous(path);
  EXPECT_EQ(lifespan(reopened, 0), 77);
  EXPECT_EQ(lifespan(reopened, 1), MixedLifespan(1));
}

TEST_F(Layer, ExportsWithACodec) {
  const auto layer = Open(WriteFile("codecs.parquet", *MixedTable(10)));
  const std::string target = WriteBytes("snappy.parquet", "old");
  ASSERT_TRUE(layer->Export(target, "", {{"compression", "snappy"}}));
  const auto file = parquet::ParquetFileReader::OpenFile(target);
  EXPECT_EQ(file->metadata()->RowGroup(0)->ColumnChunk(0)->compression(),
            parquet::Compression::SNAPPY);
  const SdfLayerRefPtr exported = SdfLayer::OpenAsAnonymous(target);
  EXPECT_EQ(exported->GetFieldAs<int>(Attribute(7, "lifespan"), SdfFieldKeys->Default),
            MixedLifespan(7));

  const std::string other = WriteBytes("unknown_codec.parquet", "old");
  const DiagnosticTrap diagnostics;
  EXPECT_FALSE(layer->Export(other, "", {{"compression", "lzo"}}));
  ASSERT_EQ(diagnostics.Errors().size(), 1u);
  EXPECT_EQ(diagnostics.Errors()[0],
            other + ": format argument compression='lzo' is none of none, lz4, snappy, zstd");
  EXPECT_EQ(std::filesystem::file_size(other), 3u);
}

TEST_F(Layer, VisitsWhatIsAboveAPrefix) {
  const auto layer =
      Open(WriteFile("visits.parquet", *MixedTable(1)), {{"prefix", "/Site/Building"}});
  std::vector<std::string> paths;
  layer->Traverse(SdfPath::AbsoluteRootPath(), [&](const SdfPath& path) {
    if (!path.IsPropertyPath()) paths.push_back(path.GetString());
  });
  std::sort(paths.begin(), paths.end());
  EXPECT_EQ(paths, (std::vector<std::string>{"/", "/Site", "/Site/Building", "/Site/Building/World",
                                             "/Site/Building/World/Zone_0",
                                             "/Site/Building/World/Zone_0/Prim_0"}));
}

TEST_F(Layer, ABadFileFailsWithOneError) {
  const std::string path = WriteBytes("bad_layer.parquet", "PAR1 but no more");
  const DiagnosticTrap diagnostics;
  EXPECT_FALSE(SdfLayer::FindOrOpen(path));
  ASSERT_EQ(diagnostics.Errors().size(), 1u);
  EXPECT_NE(diagnostics.Errors()[0].find("bad_layer.parquet: the file is truncated"),
            std::string::npos)
      << diagnostics.Errors()[0];
}

}  // namespace
