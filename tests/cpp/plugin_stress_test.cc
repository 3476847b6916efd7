// Eight threads that read shared layers while each edits, saves, reloads and closes its own.
//
// A second or so; USDPARQUET_STRESS_SECONDS=60 lets it run for a minute.

#include <gtest/gtest.h>
#include <pxr/base/plug/registry.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/primSpec.h>
#include <pxr/usd/sdf/schema.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/pages/page_cache.h"
#include "diagnostic_trap.h"
#include "test_files.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace {

using namespace usdparquet_test;
using usdparquet::PageCache;

constexpr unsigned kThreads = 8;
constexpr uint64_t kBudget = uint64_t{1} << 20;
constexpr int64_t kSharedRows = 20000;
constexpr int64_t kOwnRows = 300;

std::chrono::duration<double> Duration() {
  const char* const seconds = std::getenv("USDPARQUET_STRESS_SECONDS");
  return std::chrono::duration<double>(seconds ? std::strtod(seconds, nullptr) : 1.0);
}

SdfPath Attribute(int64_t row, const char* name) {
  return SdfPath(MixedPath(row)).AppendProperty(TfToken(name));
}

/// Reads cells of one row and compares them with what the file was made of.
void ReadRow(const SdfLayerHandle& layer, int64_t row) {
  const TfToken& field = SdfFieldKeys->Default;
  double cost = 0;
  ASSERT_EQ(layer->HasField(Attribute(row, "cost"), field, &cost), MixedHasCost(row)) << row;
  ASSERT_EQ(cost, MixedHasCost(row) ? MixedCost(row) : 0) << row;
  std::string note;
  ASSERT_EQ(layer->HasField(Attribute(row, "note"), field, &note), MixedHasNote(row)) << row;
  ASSERT_EQ(note, MixedHasNote(row) ? MixedNote(row) : "") << row;
  ASSERT_FALSE(layer->HasSpec(SdfPath("/World/Absent_" + std::to_string(row))));
}

/// One thread's file, the layer of it, and what both should hold.
class OwnLayer {
 public:
  explicit OwnLayer(std::string path) : path_(std::move(path)) {
    for (int64_t row = 0; row < kOwnRows; ++row) saved_.lifespans.push_back(MixedLifespan(row));
    Open();
  }

  /// What one of the methods below left is checked by Check().
  void EditCell(std::mt19937& random) {
    const auto row = static_cast<int64_t>(random() % kOwnRows);
    const auto value = static_cast<int>(random() % 100000);
    layer_->SetField(Attribute(row, "lifespan"), SdfFieldKeys->Default, VtValue(value));
    now_.lifespans[static_cast<size_t>(row)] = value;
  }
  void AddPrim() {
    ASSERT_TRUE(SdfCreatePrimInLayer(layer_, Extra(now_.num_extra)));
    ++now_.num_extra;
  }
  void Save() {
    ASSERT_TRUE(layer_->Save());
    saved_ = now_;
  }
  void Reload() {
    ASSERT_TRUE(layer_->Reload(/*force=*/true));
    now_ = saved_;
  }
  /// Also lets go of what was not saved.
  void Open() {
    layer_.Reset();
    layer_ = SdfLayer::FindOrOpen(path_);
    ASSERT_TRUE(layer_);
    now_ = saved_;
  }
  void Export() {
    const std::string path = path_ + ".exported.parquet";
    ASSERT_TRUE(layer_->Export(path));
    CheckLayer(SdfLayer::OpenAsAnonymous(path), now_);
  }
  void Check() const { CheckLayer(layer_, now_); }

 private:
  struct Content {
    std::vector<int> lifespans;
    int num_extra = 0;  // prims that the table did not have
  };

  static SdfPath Extra(int number) { return SdfPath("/World/Extra_" + std::to_string(number)); }

  static void CheckLayer(const SdfLayerHandle& layer, const Content& content) {
    ASSERT_TRUE(layer);
    for (int64_t row = 0; row < kOwnRows; row += 7) {
      int lifespan = -1;
      ASSERT_TRUE(layer->HasField(Attribute(row, "lifespan"), SdfFieldKeys->Default, &lifespan));
      ASSERT_EQ(lifespan, content.lifespans[static_cast<size_t>(row)]) << row;
      ASSERT_NO_FATAL_FAILURE(ReadRow(layer, row));
    }
    for (int number = 0; number <= content.num_extra; ++number) {
      ASSERT_EQ(layer->HasSpec(Extra(number)), number < content.num_extra) << number;
    }
  }

  const std::string path_;
  SdfLayerRefPtr layer_;
  Content saved_;  // in the file
  Content now_;    // in the layer
};

class StressTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    PlugRegistry::GetInstance().RegisterPlugins(std::string(USDPARQUET_TEST_PLUGIN_DIR) + "/");
  }
  StressTest() { PageCache::Instance().SetBudget(kBudget); }
  ~StressTest() override { PageCache::Instance().SetBudget(PageCache::kDefaultBudget); }
};

TEST_F(StressTest, ThreadsReadSharedLayersAndEditTheirOwn) {
  const auto shared = MixedTable(kSharedRows);
  const Layout layout{.rows_per_group = 5000, .rows_per_page = 500};
  const std::string plain_path = WriteFile("plain.parquet", *shared, layout);
  const SdfLayerRefPtr plain = SdfLayer::FindOrOpen(plain_path);
  ASSERT_TRUE(plain);
  // With an index in the file and a residual.
  const std::string exported_path = ScratchPath("exported.parquet");
  ASSERT_TRUE(plain->Export(exported_path));
  const SdfLayerRefPtr exported = SdfLayer::FindOrOpen(exported_path);
  ASSERT_TRUE(exported);
  const std::string passed_around = WriteFile("passed_around.parquet", *shared, layout);
  std::vector<std::string> own_paths;
  for (unsigned t = 0; t < kThreads; ++t) {
    own_paths.push_back(WriteFile("own_" + std::to_string(t) + ".parquet", *MixedTable(kOwnRows),
                                  {.rows_per_group = 100, .rows_per_page = 20}));
  }

  const DiagnosticTrap diagnostics;
  const auto end = std::chrono::steady_clock::now() + Duration();
  const auto act = [&](OwnLayer& own, std::mt19937& random) {
    const auto row = [&] { return static_cast<int64_t>(random() % kSharedRows); };
    switch (random() % 16) {
      case 0:
        return own.Save();
      case 1:
        return own.Reload();
      case 2:
        return own.Open();
      case 3:
        return own.AddPrim();
      case 4:
        return own.Export();
      case 5:  // a layer that is open as long as any thread has it
        return ReadRow(SdfLayer::FindOrOpen(passed_around), row());
      case 6:
        return PageCache::Instance().SetBudget(kBudget / (1 + random() % 3));
      case 7:
      case 8:
      case 9:
        return own.EditCell(random);
      default:
        for (int n = 0; n < 100; ++n) {
          ASSERT_NO_FATAL_FAILURE(ReadRow(n % 2 ? plain : exported, row()));
        }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      OwnLayer own(own_paths[t]);
      while (!HasFailure() && std::chrono::steady_clock::now() < end) {
        act(own, random);
        own.Check();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(diagnostics.IsClean());
  for (const std::string& message : diagnostics.Errors()) ADD_FAILURE() << message;
  for (const std::string& message : diagnostics.Warnings()) ADD_FAILURE() << message;
  EXPECT_GT(PageCache::Instance().Stats().evictions, 0u);
}

}  // namespace
