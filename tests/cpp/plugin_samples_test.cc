// Time samples edited through SdfLayer, where Python can't: whole fields, typed reads, threads.

#include <gtest/gtest.h>
#include <pxr/base/plug/registry.h>
#include <pxr/base/vt/array.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/schema.h>
#include <pxr/usd/sdf/types.h>

#include <cmath>
#include <set>
#include <string>
#include <thread>
#include <vector>

PXR_NAMESPACE_USING_DIRECTIVE

namespace {

const SdfPath kA("/A.v");
const SdfPath kB("/B.v");
const TfToken& kSamples = SdfFieldKeys->TimeSamples;

/// `/A.v` and `/B.v` with the samples 0 to 99, of that value and of its half.
SdfLayerRefPtr OpenLayer(const std::string& name) {
  const auto source = SdfLayer::CreateAnonymous(".usda");
  source->ImportFromString(
      "#usda 1.0\ndef \"A\"\n{\n    double v\n}\ndef \"B\"\n{\n    double v\n}\n");
  for (int time = 0; time < 100; ++time) {
    source->SetTimeSample(kA, time, VtValue(time * 1.0));
    source->SetTimeSample(kB, time, VtValue(time * 0.5));
  }
  const std::string file = std::string(USDPARQUET_TEST_DATA_DIR) + "/" + name;
  source->Export(file);
  return SdfLayer::FindOrOpen(file);
}

class Samples : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    PlugRegistry::GetInstance().RegisterPlugins(std::string(USDPARQUET_TEST_PLUGIN_DIR) + "/");
  }
};

TEST_F(Samples, AWholeFieldThatWasReadIsNotChangedByLaterEdits) {
  const auto layer = OpenLayer("samples_whole.parquet");
  layer->SetTimeSample(kA, 7.5, VtValue(-1.0));
  const VtValue before = layer->GetField(kA, kSamples);
  ASSERT_TRUE(before.IsHolding<SdfTimeSampleMap>());
  EXPECT_EQ(before.UncheckedGet<SdfTimeSampleMap>().size(), 101u);
  EXPECT_EQ(before.UncheckedGet<SdfTimeSampleMap>().at(7.5), VtValue(-1.0));
  EXPECT_EQ(before.UncheckedGet<SdfTimeSampleMap>().at(8), VtValue(8.0));
  layer->EraseTimeSample(kA, 8);
  layer->SetTimeSample(kA, 7.5, VtValue(SdfValueBlock()));
  EXPECT_EQ(layer->GetField(kA, kSamples).UncheckedGet<SdfTimeSampleMap>().size(), 100u);
  // An undo puts the field back.
  layer->SetField(kA, kSamples, before);
  EXPECT_EQ(layer->GetField(kA, kSamples), before);
  EXPECT_TRUE(layer->QueryTimeSample(kA, 8, static_cast<VtValue*>(nullptr)));
  SdfTimeSampleMap typed;
  EXPECT_TRUE(layer->HasField(kA, kSamples, &typed));
  EXPECT_EQ(VtValue(typed), before);
  layer->SetField(kA, kSamples, VtValue());
  EXPECT_FALSE(layer->HasField(kA, kSamples));
  EXPECT_EQ(layer->GetNumTimeSamplesForPath(kA), 0u);
  EXPECT_EQ(layer->GetNumTimeSamplesForPath(kB), 100u);
}

TEST_F(Samples, TypedReadsAfterAnEdit) {
  const auto layer = OpenLayer("samples_typed.parquet");
  layer->SetTimeSample(kA, 2.5, VtValue(SdfValueBlock()));
  layer->SetTimeSample(kA, 3, VtValue(30.0));
  double value = 0;
  EXPECT_TRUE(layer->QueryTimeSample(kA, 3, &value));
  EXPECT_EQ(value, 30.0);
  EXPECT_TRUE(layer->QueryTimeSample(kA, 4, &value));  // of the file
  EXPECT_EQ(value, 4.0);
  EXPECT_FALSE(layer->QueryTimeSample(kA, 2.75, &value));
  std::string other;
  EXPECT_FALSE(layer->QueryTimeSample(kA, 3, &other));
  EXPECT_FALSE(layer->QueryTimeSample(kA, 4, &other));
  SdfAbstractDataTypedValue<double> blocked(&value);
  layer->QueryTimeSample(kA, 2.5, static_cast<SdfAbstractDataValue*>(&blocked));
  EXPECT_TRUE(blocked.isValueBlock);
  double previous = 0, lower = 0, upper = 0;
  EXPECT_TRUE(layer->GetPreviousTimeSampleForPath(kA, 2.5, &previous));
  EXPECT_EQ(previous, 2.0);
  EXPECT_FALSE(layer->GetPreviousTimeSampleForPath(kA, 0, &previous));
  EXPECT_TRUE(layer->GetBracketingTimeSamplesForPath(kA, 2.75, &lower, &upper));
  EXPECT_EQ(lower, 2.5);
  EXPECT_EQ(upper, 3.0);
  layer->GetBracketingTimeSamplesForPath(kA, std::nan(""), &lower, &upper);  // whatever: it ends
}

TEST_F(Samples, EightThreadsAskAnEditedLayer) {
  const auto layer = OpenLayer("samples_threads.parquet");
  for (int time = 0; time < 100; time += 2) layer->EraseTimeSample(kA, time);
  for (int time = 0; time < 100; time += 4) layer->EraseTimeSample(kB, time);
  layer->SetTimeSample(kA, 1000, VtValue(1.0));
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&layer] {
      for (int time = 1; time < 100; ++time) {
        double lower = 0, upper = 0, value = 0;
        ASSERT_TRUE(layer->GetBracketingTimeSamples(time, &lower, &upper));
        ASSERT_EQ(lower, time % 4 == 0 ? time - 1 : time);
        ASSERT_EQ(upper, time % 4 == 0 ? time + 1 : time);
        ASSERT_EQ(layer->QueryTimeSample(kA, time, &value), time % 2 == 1);
      }
      ASSERT_EQ(layer->ListAllTimeSamples().size(), 76u);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
