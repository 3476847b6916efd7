// Eight threads that compose and read shared layers while each edits, saves, reloads and closes
// layers of its own, in a megabyte.
//
// A few seconds; USDPARQUET_STRESS_SECONDS=60 lets it run for a minute.

#include <gtest/gtest.h>
#include <pxr/base/plug/registry.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/primSpec.h>
#include <pxr/usd/sdf/schema.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "composition.h"
#include "core/pages/page_cache.h"
#include "core/util/open_file.h"
#include "diagnostic_trap.h"
#include "edited_layer.h"
#include "test_files.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace {

using namespace usdparquet_test;
using usdparquet::PageCache;

constexpr unsigned kThreads = 8;
constexpr uint64_t kBudget = uint64_t{1} << 20;
constexpr int64_t kSharedRows = 20000;
constexpr int64_t kRowsPerZone = 100;  // of MixedTable
constexpr int kMoving = 20;
constexpr int kTimes = 50;

std::chrono::duration<double> Duration() {
  const char* const seconds = std::getenv("USDPARQUET_STRESS_SECONDS");
  return std::chrono::duration<double>(seconds ? std::strtod(seconds, nullptr) : 3.0);
}

double Height(int prim, int time) { return prim * 1000.0 + time * 0.5; }

SdfPath HeightPath(int prim) { return SdfPath("/Moving_" + std::to_string(prim) + ".height"); }

/// A layer of kMoving prims with a sample at each of kTimes times. Returns its file.
std::string WriteMoving() {
  const auto layer = SdfLayer::CreateAnonymous(".usda");
  std::string text = "#usda 1.0\n";
  for (int prim = 0; prim < kMoving; ++prim) {
    text += "def \"Moving_" + std::to_string(prim) + "\"\n{\n    double height\n}\n";
  }
  EXPECT_TRUE(layer->ImportFromString(text));
  for (int prim = 0; prim < kMoving; ++prim) {
    for (int time = 0; time < kTimes; ++time) {
      layer->SetTimeSample(HeightPath(prim), time, Height(prim, time));
    }
  }
  const std::string path = ScratchPath("moving.parquet");
  EXPECT_TRUE(layer->Export(path));
  return path;
}

/// The files and layers of all threads.
struct Shared {
  std::string passed_around;  // open as long as any thread has it
  SdfLayerRefPtr plain;       // a table
  SdfLayerRefPtr exported;    // the same, with an index in the file and a residual
  SdfLayerRefPtr moving;      // time samples
  std::vector<std::unique_ptr<EditedLayer>> edited;  // one for each thread
};

/// Compares cells of one row of MixedTable, below `world` or below another prim, with what a file
/// was made of. `get` is bool(SdfPath, value*).
template <typename Get>
void CheckRow(int64_t row, const SdfPath& prim, const Get& get) {
  double cost = 0;
  ASSERT_EQ(get(prim.AppendProperty(TfToken("cost")), &cost), MixedHasCost(row)) << row;
  ASSERT_EQ(cost, MixedHasCost(row) ? MixedCost(row) : 0) << row;
  std::string note;
  ASSERT_EQ(get(prim.AppendProperty(TfToken("note")), &note), MixedHasNote(row)) << row;
  ASSERT_EQ(note, MixedHasNote(row) ? MixedNote(row) : "") << row;
}

void CheckRow(const SdfLayerHandle& layer, int64_t row) {
  CheckRow(row, SdfPath(MixedPath(row)), [&](const SdfPath& path, auto* value) {
    return layer->HasField(path, SdfFieldKeys->Default, value);
  });
  ASSERT_FALSE(layer->HasSpec(SdfPath("/World/Absent_" + std::to_string(row))));
}

/// What one thread does.
class Worker {
 public:
  Worker(unsigned number, const Shared& shared)
      : shared_(shared), own_(*shared.edited[number]), random_(number) {
    Compose();
  }

  /// One thing chosen at random, and then a look at its own layer and at what it composes.
  void Step() {
    ASSERT_NO_FATAL_FAILURE(Act());
    ASSERT_NO_FATAL_FAILURE(own_.Check());
    ASSERT_NO_FATAL_FAILURE(CheckComposed());
  }

 private:
  void Act() {
    switch (random_() % 20) {
      case 0:
        return own_.Save();
      case 1:
        return own_.Reload();
      case 2:
        composition_.reset();
        ASSERT_NO_FATAL_FAILURE(own_.Close());
        ASSERT_NO_FATAL_FAILURE(own_.Open());
        return Compose();
      case 3:
        return random_() % 2 ? own_.AddPrim() : own_.RemovePrim();
      case 4:
        return own_.Export();
      case 5:
        return CheckRow(SdfLayer::FindOrOpen(shared_.passed_around), Row());
      case 6:
        return PageCache::Instance().SetBudget(kBudget / (1 + random_() % 3));
      case 7:
        has_payload_ = !has_payload_;
        return composition_->SetLoaded(SdfPath("/Loaded"), has_payload_);
      case 8:
        return shared_.edited[random_() % kThreads]->CheckSaved();
      case 9:
        return own_.EditSample(random_);
      case 10:
      case 11:
      case 12:
        return own_.EditCell(random_);
      case 13:
        return CheckSamples();
      default:
        for (int n = 0; n < 100; ++n) {
          ASSERT_NO_FATAL_FAILURE(CheckRow(n % 2 ? shared_.plain : shared_.exported, Row()));
        }
    }
  }

  /// A scene of its own layer over the shared table, a reference to a part of one shared layer and
  /// a payload of another.
  void Compose() {
    const auto root = SdfLayer::CreateAnonymous(".usda");
    ASSERT_TRUE(root->ImportFromString(
        "#usda 1.0\n( subLayers = [@" + own_.path() + "@, @" + shared_.plain->GetIdentifier() +
        "@] )\ndef \"Zone\" ( references = @" + shared_.exported->GetIdentifier() +
        "@</World/Zone_3> ) {}\ndef \"Loaded\" ( payload = @" + shared_.passed_around +
        "@</World> ) {}\n"));
    has_payload_ = false;
    composition_.emplace(root, own_.layer());
    // Of these files each is one layer, whoever opens it.
    ASSERT_EQ(composition_->Layers(), (SdfLayerRefPtrVector{root, own_.layer(), shared_.plain}));
  }

  void CheckComposed() {
    const auto get = [&](const SdfPath& path, auto* value) {
      return composition_->Get(path, value);
    };
    // The stronger layer has edits; what lies behind its end is the weaker one's.
    for (int n = 0; n < 5; ++n) {
      const auto row = static_cast<int64_t>(random_() % (2 * EditedLayer::kRows));
      const auto& lifespans = own_.content().lifespans;
      int lifespan = -1;
      ASSERT_TRUE(get(MixedAttribute(row, "lifespan"), &lifespan));
      ASSERT_EQ(lifespan,
                row < EditedLayer::kRows ? lifespans[static_cast<size_t>(row)] : MixedLifespan(row))
          << row;
    }
    const int64_t anywhere = Row();
    CheckRow(anywhere, SdfPath(MixedPath(anywhere)), get);
    const int64_t in_zone = 3 * kRowsPerZone + anywhere % kRowsPerZone;
    CheckRow(in_zone, SdfPath("/Zone/Prim_" + std::to_string(in_zone)), get);

    TfTokenVector world;
    for (int64_t zone = 0; zone < kSharedRows / kRowsPerZone; ++zone) {
      world.emplace_back("Zone_" + std::to_string(zone));
    }
    const SdfPath loaded("/Loaded");
    if (has_payload_) {
      CheckRow(anywhere, SdfPath(MixedPath(anywhere)).ReplacePrefix(SdfPath("/World"), loaded),
               get);
    }
    ASSERT_EQ(composition_->Children(loaded), has_payload_ ? world : TfTokenVector());
    const int num_extra = own_.content().num_extra;
    for (int number = 0; number <= num_extra; ++number) {
      const SdfPath extra = EditedLayer::Extra(number);
      ASSERT_EQ(composition_->Exists(extra), number < num_extra) << number;
      if (number < num_extra) world.push_back(extra.GetNameToken());
    }
    ASSERT_EQ(composition_->Children(SdfPath("/World")), world);
    for (const std::string& error : composition_->Errors()) FAIL() << error;
  }

  void CheckSamples() {
    for (int n = 0; n < 50; ++n) {
      const int prim = static_cast<int>(random_() % kMoving);
      const int time = static_cast<int>(random_() % kTimes);
      double height = -1;
      ASSERT_TRUE(shared_.moving->QueryTimeSample(HeightPath(prim), time, &height));
      ASSERT_EQ(height, Height(prim, time)) << prim << " at " << time;
    }
  }

  int64_t Row() { return static_cast<int64_t>(random_() % kSharedRows); }

  const Shared& shared_;
  EditedLayer& own_;
  std::mt19937 random_;
  std::optional<Composition> composition_;
  bool has_payload_ = false;
};

class Stress : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    PlugRegistry::GetInstance().RegisterPlugins(std::string(USDPARQUET_TEST_PLUGIN_DIR) + "/");
  }
  Stress() { PageCache::Instance().SetBudget(kBudget); }
  ~Stress() override { PageCache::Instance().SetBudget(PageCache::kDefaultBudget); }

  static void Run();

 private:
  static Shared WriteShared() {
    const auto table = MixedTable(kSharedRows);
    const Layout layout{.rows_per_group = 5000, .rows_per_page = 500};
    Shared shared;
    shared.passed_around = WriteFile("passed_around.parquet", *table, layout);
    shared.plain = SdfLayer::FindOrOpen(WriteFile("plain.parquet", *table, layout));
    EXPECT_TRUE(shared.plain);
    const std::string exported = ScratchPath("exported.parquet");
    EXPECT_TRUE(shared.plain && shared.plain->Export(exported));
    shared.exported = SdfLayer::FindOrOpen(exported);
    shared.moving = SdfLayer::FindOrOpen(WriteMoving());
    EXPECT_TRUE(shared.exported);
    EXPECT_TRUE(shared.moving);
    const auto small = MixedTable(EditedLayer::kRows);
    for (unsigned t = 0; t < kThreads; ++t) {
      shared.edited.push_back(
          std::make_unique<EditedLayer>(WriteFile("own_" + std::to_string(t) + ".parquet", *small,
                                                  {.rows_per_group = 100, .rows_per_page = 20})));
    }
    return shared;
  }
};

/// Lets the threads work, and looks that OpenUSD was told of nothing.
void Stress::Run() {
  const Shared shared = WriteShared();
  ASSERT_FALSE(HasFailure());
  const DiagnosticTrap diagnostics;
  const auto duration = Duration();
  const auto end = std::chrono::steady_clock::now() + duration;
  std::atomic<int64_t> num_steps = 0;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Worker worker(t, shared);
      while (!HasFailure() && std::chrono::steady_clock::now() < end) {
        worker.Step();
        ++num_steps;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(diagnostics.IsClean());
  for (const std::string& message : diagnostics.Errors()) ADD_FAILURE() << message;
  for (const std::string& message : diagnostics.Warnings()) ADD_FAILURE() << message;
  const auto stats = PageCache::Instance().Stats();
  EXPECT_GT(stats.evictions, 0u);
  std::cout << kThreads << " threads, " << duration.count() << " s: " << num_steps << " steps, "
            << stats.misses << " pages decoded, " << stats.evictions << " evicted\n";
}

TEST_F(Stress, FilesThatAreMapped) { Run(); }

TEST_F(Stress, FilesThatAreRead) {
  ::setenv("USDPARQUET_USE_PREAD", "1", /*overwrite=*/1);
  if (!usdparquet::UsesPread()) GTEST_SKIP() << "another test of this process had files mapped";
  Run();
}

}  // namespace
