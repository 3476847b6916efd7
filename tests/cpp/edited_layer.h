#pragma once

/// \file
/// A layer that one thread edits, and what it must hold, for the stress test.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "pxr/pxr.h"
#include "pxr/usd/sdf/layer.h"
#include "pxr/usd/sdf/path.h"
#include "pxr/usd/sdf/primSpec.h"
#include "pxr/usd/sdf/schema.h"
#include "test_files.h"

/// The attribute of a row of MixedTable.
inline PXR_NS::SdfPath MixedAttribute(int64_t row, const char* name) {
  return PXR_NS::SdfPath(usdparquet_test::MixedPath(row)).AppendProperty(PXR_NS::TfToken(name));
}

/// A file of MixedTable, the layer of it, and what either should hold. All calls but those of
/// CheckSaved come from one thread; each leaves the layer as Check() expects it.
///
/// Every save is numbered. Its number is the lifespan of the first row, and its negative that of
/// the last one, so whoever opens the file can tell which save it is of, and whether it is of one.
class EditedLayer {
 public:
  static constexpr int64_t kRows = 300;

  struct Content {
    std::vector<int> lifespans;
    std::map<std::pair<int64_t, int>, double> costs;  // time samples, by row and time
    int num_extra = 0;                                // prims that the table did not have
  };

  /// `path` is that of MixedTable(kRows). Saves the layer once.
  explicit EditedLayer(std::string path) : path_(std::move(path)) {
    for (int64_t row = 0; row < kRows; ++row) {
      saved_.lifespans.push_back(usdparquet_test::MixedLifespan(row));
    }
    Open();
    Save();
  }

  const std::string& path() const { return path_; }
  const PXR_NS::SdfLayerRefPtr& layer() const { return layer_; }
  const Content& content() const { return now_; }

  static PXR_NS::SdfPath Extra(int number) {
    return PXR_NS::SdfPath("/World/Extra_" + std::to_string(number));
  }

  void EditCell(std::mt19937& random) {
    const auto row = 1 + static_cast<int64_t>(random() % (kRows - 2));
    SetLifespan(row, static_cast<int>(random() % 100000));
  }
  void EditSample(std::mt19937& random) {
    const auto row = static_cast<int64_t>(random() % kRows);
    const int time = static_cast<int>(random() % 5);
    const PXR_NS::SdfPath path = MixedAttribute(row, "cost");
    if (!usdparquet_test::MixedHasCost(row)) return;  // no attribute
    if (now_.costs.erase({row, time}) != 0) {
      layer_->EraseTimeSample(path, time);
    } else {
      const double value = static_cast<double>(random() % 1000) / 8;
      layer_->SetTimeSample(path, time, value);
      now_.costs[{row, time}] = value;
    }
  }
  void AddPrim() {
    ASSERT_TRUE(PXR_NS::SdfCreatePrimInLayer(layer_, Extra(now_.num_extra)));
    ++now_.num_extra;
  }
  void RemovePrim() {
    if (now_.num_extra == 0) return;
    const auto prim = layer_->GetPrimAtPath(Extra(now_.num_extra - 1));
    ASSERT_TRUE(prim);
    ASSERT_TRUE(layer_->GetPrimAtPath(PXR_NS::SdfPath("/World"))->RemoveNameChild(prim));
    --now_.num_extra;
  }
  void Save() {
    const int number = ++last_begun_;
    SetLifespan(0, number);
    SetLifespan(kRows - 1, -number);
    ASSERT_TRUE(layer_->Save());
    saved_ = now_;
    last_done_ = number;
  }
  void Reload() {
    ASSERT_TRUE(layer_->Reload(/*force=*/true));
    now_ = saved_;
  }
  /// Lets go of the layer, and so of what was not saved. Nobody else may hold it.
  void Close() {
    layer_.Reset();
    ASSERT_FALSE(PXR_NS::SdfLayer::Find(path_));
  }
  void Open() {
    layer_ = PXR_NS::SdfLayer::FindOrOpen(path_);
    ASSERT_TRUE(layer_);
    now_ = saved_;
  }
  void Export() const {
    const std::string path = path_ + ".exported.parquet";
    ASSERT_TRUE(layer_->Export(path));
    CheckLayer(PXR_NS::SdfLayer::OpenAsAnonymous(path), now_);
  }

  void Check() const { CheckLayer(layer_, now_); }

  /// Opens the file, whatever its thread is doing with it. It must be of one save: the last one or
  /// one that was under way meanwhile. From any thread.
  void CheckSaved() const {
    const int oldest = last_done_;
    const auto layer = PXR_NS::SdfLayer::OpenAsAnonymous(path_);
    const int newest = last_begun_;
    ASSERT_TRUE(layer);
    const int number = Lifespan(layer, 0);
    ASSERT_EQ(Lifespan(layer, kRows - 1), -number);
    ASSERT_GE(number, oldest);
    ASSERT_LE(number, newest);
  }

 private:
  static int Lifespan(const PXR_NS::SdfLayerHandle& layer, int64_t row) {
    int value = -1;
    EXPECT_TRUE(
        layer->HasField(MixedAttribute(row, "lifespan"), PXR_NS::SdfFieldKeys->Default, &value));
    return value;
  }

  static void CheckLayer(const PXR_NS::SdfLayerHandle& layer, const Content& content) {
    ASSERT_TRUE(layer);
    for (int64_t row = 0; row < kRows; row += 7) {
      ASSERT_EQ(Lifespan(layer, row), content.lifespans[static_cast<size_t>(row)]) << row;
      double cost = 0;
      const bool has_cost =
          layer->HasField(MixedAttribute(row, "cost"), PXR_NS::SdfFieldKeys->Default, &cost);
      ASSERT_EQ(has_cost, usdparquet_test::MixedHasCost(row)) << row;
      ASSERT_EQ(cost, has_cost ? usdparquet_test::MixedCost(row) : 0) << row;
    }
    for (const auto& [place, cost] : content.costs) {
      double sample = 0;
      ASSERT_TRUE(
          layer->QueryTimeSample(MixedAttribute(place.first, "cost"), place.second, &sample));
      ASSERT_EQ(sample, cost) << place.first << " at " << place.second;
    }
    for (int number = 0; number <= content.num_extra; ++number) {
      ASSERT_EQ(layer->HasSpec(Extra(number)), number < content.num_extra) << number;
    }
  }

  void SetLifespan(int64_t row, int value) {
    layer_->SetField(MixedAttribute(row, "lifespan"), PXR_NS::SdfFieldKeys->Default, value);
    now_.lifespans[static_cast<size_t>(row)] = value;
  }

  const std::string path_;
  PXR_NS::SdfLayerRefPtr layer_;
  Content saved_;  // in the file
  Content now_;    // in the layer
  std::atomic<int> last_begun_ = 0;
  std::atomic<int> last_done_ = 0;
};
