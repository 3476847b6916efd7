// Arrays that share the memory of a page: how long they live, what they keep, and who changes them.

#include <arrow/builder.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <pxr/base/gf/half.h>
#include <pxr/base/gf/matrix2d.h>
#include <pxr/base/gf/matrix3d.h>
#include <pxr/base/gf/matrix4d.h>
#include <pxr/base/gf/quatd.h>
#include <pxr/base/gf/quatf.h>
#include <pxr/base/gf/quath.h>
#include <pxr/base/gf/vec2d.h>
#include <pxr/base/gf/vec2f.h>
#include <pxr/base/gf/vec2h.h>
#include <pxr/base/gf/vec2i.h>
#include <pxr/base/gf/vec3d.h>
#include <pxr/base/gf/vec3f.h>
#include <pxr/base/gf/vec3h.h>
#include <pxr/base/gf/vec3i.h>
#include <pxr/base/gf/vec4d.h>
#include <pxr/base/gf/vec4f.h>
#include <pxr/base/gf/vec4h.h>
#include <pxr/base/gf/vec4i.h>
#include <pxr/base/plug/registry.h>
#include <pxr/base/tf/token.h>
#include <pxr/base/vt/array.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/assetPath.h>
#include <pxr/usd/sdf/attributeSpec.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/primSpec.h>
#include <pxr/usd/sdf/schema.h>
#include <pxr/usd/sdf/timeCode.h>
#include <pxr/usd/sdf/types.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "core/pages/page_cache.h"
#include "test_files.h"

PXR_NAMESPACE_USING_DIRECTIVE

using usdparquet::PageCache;
using usdparquet_test::Layout;

namespace {

constexpr int kRows = 300;

SdfPath PathOf(int row) { return SdfPath("/P_" + std::to_string(row) + ".a"); }
bool IsNull(int row) { return row % 7 == 3; }
int SizeOf(int row) { return row % 7 == 5 ? 0 : row % 5 == 0 ? 3 : 200 + row * 13 % 900; }
double ValueOf(int row, int i) { return row * 10'000.0 + i; }

/// Rows of double[] `a`: nulls, empty ones, some too small to be shared.
std::shared_ptr<arrow::Table> ArrayTable() {
  arrow::StringBuilder paths;
  const auto values = std::make_shared<arrow::DoubleBuilder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), values);
  for (int row = 0; row < kRows; ++row) {
    EXPECT_TRUE(paths.Append(PathOf(row).GetPrimPath().GetString()).ok());
    EXPECT_TRUE((IsNull(row) ? lists.AppendNull() : lists.Append()).ok());
    for (int i = 0; !IsNull(row) && i < SizeOf(row); ++i) {
      EXPECT_TRUE(values->Append(ValueOf(row, i)).ok());
    }
  }
  return arrow::Table::Make(arrow::schema({arrow::field("path", arrow::utf8()),
                                           arrow::field("a", arrow::list(arrow::float64()))}),
                            {paths.Finish().ValueOrDie(), lists.Finish().ValueOrDie()});
}

void ExpectArray(const VtDoubleArray& array, int row) {
  ASSERT_EQ(array.size(), static_cast<size_t>(SizeOf(row))) << row;
  ASSERT_EQ(reinterpret_cast<uintptr_t>(array.cdata()) % alignof(double), 0u);
  for (int i = 0; i < SizeOf(row); ++i) ASSERT_EQ(array.cdata()[i], ValueOf(row, i)) << row;
}

uint64_t Resident() { return PageCache::Instance().Stats().bytes_resident; }

class Arrays : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    PlugRegistry::GetInstance().RegisterPlugins(std::string(USDPARQUET_TEST_PLUGIN_DIR) + "/");
  }
  void TearDown() override { PageCache::Instance().SetBudget(PageCache::kDefaultBudget); }

  /// Every array of the layer, by its row.
  static std::map<int, VtDoubleArray> ReadAll(const SdfLayerRefPtr& layer) {
    std::map<int, VtDoubleArray> arrays;
    for (int row = 0; row < kRows; ++row) {
      VtDoubleArray array;
      EXPECT_EQ(layer->HasField(PathOf(row), SdfFieldKeys->Default, &array), !IsNull(row)) << row;
      if (!IsNull(row)) arrays[row] = array;
    }
    return arrays;
  }
};

class ArraysOfLayout : public Arrays, public testing::WithParamInterface<Layout> {
 protected:
  static SdfLayerRefPtr Open() {
    const auto layer = SdfLayer::FindOrOpen(
        usdparquet_test::WriteFile("arrays.parquet", *ArrayTable(), GetParam()));
    EXPECT_TRUE(layer);
    return layer;
  }
};

TEST_P(ArraysOfLayout, AreHeldWhilePagesGoTheLayerClosesAndTheFileEnds) {
  const uint64_t before = Resident();
  auto layer = Open();
  PageCache::Instance().SetBudget(1 << 20);
  auto arrays = ReadAll(layer);
  PageCache::Instance().SetBudget(0);  // every page goes
  for (const auto& [row, array] : arrays) ExpectArray(array, row);
  auto again = ReadAll(layer);
  for (const auto& [row, array] : again) ExpectArray(array, row);
  const std::string file = layer->GetRealPath();
  layer.Reset();
  std::filesystem::resize_file(file, 0);
  for (const auto& [row, array] : again) ExpectArray(array, row);
  again.clear();
  for (const auto& [row, array] : arrays) ExpectArray(array, row);
  std::thread([last = std::move(arrays)]() mutable { last.clear(); }).join();
  EXPECT_EQ(Resident(), before);
}

TEST_P(ArraysOfLayout, AChangedOneHasElementsOfItsOwn) {
  const auto layer = Open();
  auto arrays = ReadAll(layer);
  const auto others = ReadAll(layer);
  for (auto& [row, array] : arrays) {
    VtDoubleArray copy = array;
    for (double& element : array) element = -1;
    array.push_back(-2);
    ExpectArray(copy, row);
    copy.resize(copy.size() / 2);
    copy.clear();
    for (int i = 0; i < SizeOf(row); ++i) ASSERT_EQ(array.cdata()[i], -1);
  }
  for (const auto& [row, array] : others) ExpectArray(array, row);
  for (const auto& [row, array] : ReadAll(layer)) ExpectArray(array, row);
  // A value that is set is kept as it was set, and one of another layer's may be.
  layer->SetField(PathOf(1), SdfFieldKeys->Default, VtValue(others.at(2)));
  ExpectArray(layer->GetField(PathOf(1), SdfFieldKeys->Default).Get<VtDoubleArray>(), 2);
}

TEST_P(ArraysOfLayout, EightThreadsHoldThemUnderASmallBudget) {
  const uint64_t before = Resident();
  auto layer = Open();
  PageCache::Instance().SetBudget(100'000);
  std::vector<std::vector<VtValue>> held(8);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int n = 0; n < 2 * kRows; ++n) {
        const int row = (n * 11 + t * 37) % kRows;
        const VtValue value = layer->GetField(PathOf(row), SdfFieldKeys->Default);
        ASSERT_EQ(value.IsEmpty(), IsNull(row));
        if (IsNull(row)) continue;
        ExpectArray(value.UncheckedGet<VtDoubleArray>(), row);
        if (n % 10 == 0) held[static_cast<size_t>(t)].push_back(value);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  threads.clear();
  layer.Reset();
  for (auto& values : held) {
    threads.emplace_back([&values] { values.clear(); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Resident(), before);
}

INSTANTIATE_TEST_SUITE_P(Layouts, ArraysOfLayout,
                         testing::Values(Layout{.rows_per_page = 20, .has_dictionary = false},
                                         Layout{.rows_per_page = 7,
                                                .has_dictionary = false,
                                                .codec = parquet::Compression::UNCOMPRESSED},
                                         Layout{.rows_per_page = 20,
                                                .has_dictionary = false,
                                                .page_version = parquet::ParquetDataPageVersion::V2,
                                                .codec = parquet::Compression::SNAPPY},
                                         Layout{.has_page_index = false,
                                                .has_dictionary = false,
                                                .codec = parquet::Compression::UNCOMPRESSED},
                                         Layout{.rows_per_page = 20}));

template <typename T>
T ElementOf(int row, int i) {
  const int number = row * 1000 + i;
  if constexpr (std::is_same_v<T, bool>) {
    return number % 3 == 0;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return "text " + std::to_string(number);
  } else if constexpr (std::is_same_v<T, TfToken> || std::is_same_v<T, SdfAssetPath>) {
    return T("text_" + std::to_string(number % 50));
  } else if constexpr (std::is_arithmetic_v<T>) {
    return static_cast<T>(number);
  } else if constexpr (std::is_same_v<T, GfHalf>) {
    return GfHalf(static_cast<float>(number % 2000));
  } else if constexpr (std::is_same_v<T, SdfTimeCode>) {
    return SdfTimeCode(number);
  } else {  // of components that lie one behind the other
    using Component = typename T::ScalarType;
    T value;
    for (size_t k = 0; k < sizeof(T) / sizeof(Component); ++k) {
      const Component component = ElementOf<Component>(row, i + static_cast<int>(k));
      std::memcpy(reinterpret_cast<char*>(&value) + k * sizeof(Component), &component,
                  sizeof(Component));
    }
    return value;
  }
}

/// An attribute of each array type, and what its arrays are: of 0 to 1,000 elements.
struct Element {
  const char* type;
  VtValue (*array)(int row);
};
template <typename T>
Element Of(const char* type) {
  return {type, [](int row) {
            VtArray<T> array;
            for (int i = 0, n = row % 4 == 0 ? 0 : row % 3 == 0 ? 5 : 1000; i < n; ++i) {
              array.push_back(ElementOf<T>(row, i));
            }
            return VtValue(array);
          }};
}
const Element kElements[] = {
    Of<bool>("bool[]"),
    Of<unsigned char>("uchar[]"),
    Of<int>("int[]"),
    Of<GfVec2i>("int2[]"),
    Of<GfVec3i>("int3[]"),
    Of<GfVec4i>("int4[]"),
    Of<unsigned int>("uint[]"),
    Of<int64_t>("int64[]"),
    Of<uint64_t>("uint64[]"),
    Of<GfHalf>("half[]"),
    Of<GfVec2h>("half2[]"),
    Of<GfVec3h>("half3[]"),
    Of<GfVec4h>("half4[]"),
    Of<float>("float[]"),
    Of<GfVec2f>("texCoord2f[]"),
    Of<GfVec3f>("point3f[]"),
    Of<GfVec4f>("color4f[]"),
    Of<double>("double[]"),
    Of<GfVec2d>("double2[]"),
    Of<GfVec3d>("vector3d[]"),
    Of<GfVec4d>("double4[]"),
    Of<GfMatrix2d>("matrix2d[]"),
    Of<GfMatrix3d>("matrix3d[]"),
    Of<GfMatrix4d>("matrix4d[]"),
    Of<GfQuath>("quath[]"),
    Of<GfQuatf>("quatf[]"),
    Of<GfQuatd>("quatd[]"),
    Of<SdfTimeCode>("timecode[]"),
    Of<std::string>("string[]"),
    Of<TfToken>("token[]"),
    Of<SdfAssetPath>("asset[]"),
};

TEST_F(Arrays, EveryElementTypeIsHeldBeyondTheLayer) {
  const auto source = SdfLayer::CreateAnonymous(".usda");
  std::vector<std::pair<SdfPath, VtValue>> expected;
  for (int row = 1; row <= 12; ++row) {
    const auto prim = SdfPrimSpec::New(source, "P_" + std::to_string(row), SdfSpecifierDef);
    for (const Element& element : kElements) {
      if (row % 6 == 5) continue;  // null in the file
      std::string name = element.type;
      name.resize(name.size() - 2);
      const auto attribute =
          SdfAttributeSpec::New(prim, name + "_a", SdfSchema::GetInstance().FindType(element.type));
      ASSERT_TRUE(attribute) << element.type;
      expected.emplace_back(attribute->GetPath(), element.array(row));
      attribute->SetDefaultValue(expected.back().second);
    }
  }
  const uint64_t before = Resident();
  const std::string file = usdparquet_test::ScratchPath("array_types.parquet");
  ASSERT_TRUE(source->Export(file));
  auto layer = SdfLayer::FindOrOpen(file);
  ASSERT_TRUE(layer);
  std::vector<VtValue> held;
  for (const auto& [path, value] : expected) {
    held.push_back(layer->GetField(path, SdfFieldKeys->Default));
    ASSERT_EQ(held.back(), value) << path.GetString();
    ASSERT_EQ(held.back().GetType(), value.GetType()) << path.GetString();
  }
  PageCache::Instance().SetBudget(0);
  layer.Reset();
  std::filesystem::resize_file(file, 0);
  for (size_t i = 0; i < held.size(); ++i) {
    ASSERT_EQ(held[i], expected[i].second) << expected[i].first.GetString();
  }
  held.clear();
  EXPECT_EQ(Resident(), before);
}

TEST_F(Arrays, MemoryOfTheBudgetIsSharedFromSomeSizeOn) {
  arrow::StringBuilder paths;
  const auto values = std::make_shared<arrow::DoubleBuilder>();
  arrow::ListBuilder lists(arrow::default_memory_pool(), values);
  for (int row = 0; row < 10; ++row) {
    ASSERT_TRUE(paths.Append("/P_" + std::to_string(row)).ok());
    ASSERT_TRUE(lists.Append().ok());
    for (int i = 0; i < (row == 0 ? 10 : 5000); ++i) {
      ASSERT_TRUE(values->Append(ValueOf(row, i)).ok());
    }
  }
  const auto table =
      arrow::Table::Make(arrow::schema({arrow::field("path", arrow::utf8()),
                                        arrow::field("a", arrow::list(arrow::float64()))}),
                         {paths.Finish().ValueOrDie(), lists.Finish().ValueOrDie()});
  const uint64_t before = Resident();
  const auto layer = SdfLayer::FindOrOpen(usdparquet_test::WriteFile(
      "shared.parquet", *table, Layout{.rows_per_page = 10, .has_dictionary = false}));
  const auto read = [&layer](int row) {
    return layer->GetField(PathOf(row), SdfFieldKeys->Default).Get<VtDoubleArray>();
  };
  const VtDoubleArray first = read(1), last = read(9), small = read(0);
  EXPECT_EQ(last.cdata() - first.cdata(), 8 * 5000);  // in one page
  EXPECT_EQ(read(1).cdata(), first.cdata());
  EXPECT_NE(read(0).cdata(), small.cdata());
  const uint64_t page = 45'010 * sizeof(double);
  EXPECT_GE(Resident(), before + page);
  PageCache::Instance().SetBudget(0);
  EXPECT_GE(Resident(), before + page);  // by the arrays
  EXPECT_NE(read(1).cdata(), first.cdata());
  EXPECT_EQ(read(1), first);
}

}  // namespace
