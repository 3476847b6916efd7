#include <arrow/io/file.h>
#include <arrow/memory_pool.h>
#include <parquet/file_reader.h>
#include <pxr/usd/sdf/schema.h>

#include <string>

#include "benchmarks.h"
#include "check.h"
#include "layers.h"

PXR_NAMESPACE_USING_DIRECTIVE

namespace usdparquet_bench {
namespace {

// The file has one row of doubles in each row group, and the paths.
constexpr int kWideColumns = 999;
constexpr int kWideRowGroups = 1000;
double WideValue(int row, int column) { return row * 1000.0 + column; }

/// The floor: Arrow alone reads the footer, from the mapped file as the layer does.
void ReadFooter(const std::string& path, benchmark::State& state) {
  for (auto _ : state) {
    Settle();  // as before a layer: memory that the last footer freed would save a third
    const auto start = Clock::now();
    const auto file =
        arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ).ValueOrDie();
    const auto reader = parquet::ParquetFileReader::Open(
        file, parquet::ReaderProperties(arrow::system_memory_pool()));
    state.SetIterationTime(SecondsSince(start));
    if (reader->metadata()->num_columns() != kWideColumns + 1 ||
        reader->metadata()->num_row_groups() != kWideRowGroups) {
      Fail(state, path + ": the footer has other columns or row groups");
      break;
    }
  }
  CountItems(state, 1);
}

void OpenLayer(const std::string& path, const std::string& warm_up, benchmark::State& state) {
  FreshLayer(warm_up);  // loading the plugin is no part of opening a layer
  const int row = kWideRowGroups - 1;
  const int column = kWideColumns - 1;
  const SdfPath last =
      SdfPath("/P" + std::to_string(row)).AppendProperty(TfToken("c" + std::to_string(column)));
  for (auto _ : state) {
    double seconds = 0;
    const SdfLayerRefPtr layer = FreshLayer(path, &seconds);
    state.SetIterationTime(seconds);
    double value = 0;
    if (!layer->HasField(last, SdfFieldKeys->Default, &value) || value != WideValue(row, column)) {
      Fail(state, path + ": the last value is another");
      break;
    }
  }
  CountItems(state, 1);
}

}  // namespace

void RegisterWide(const Format& format, const DataFolder& folder) {
  const std::string path = folder.Wide(format);
  const std::string warm_up = folder.WarmUp(format);
  const auto add = [&](const char* detail, auto run) {
    benchmark::RegisterBenchmark(BenchmarkName("open_wide", detail, format).c_str(), Checked(run))
        ->UseManualTime()
        ->Iterations(2)
        ->Unit(benchmark::kMillisecond);
  };
  add("footer", [path](benchmark::State& state) { ReadFooter(path, state); });
  add("layer", [path, warm_up](benchmark::State& state) { OpenLayer(path, warm_up, state); });
}

}  // namespace usdparquet_bench
