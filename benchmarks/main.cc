// layer_benchmarks: layers of every format compared through SdfLayer. See README.md.

#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "benchmarks.h"
#include "check.h"
#include "memory.h"
#include "options.h"
#include "playback.h"
#include "repeated_reading.h"

namespace usdparquet_bench {
namespace {

constexpr char kPluginPathVariable[] = "PXR_PLUGINPATH_NAME";

/// OpenUSD reads the variable when it is loaded, and takes the first plugin of a name: the build
/// folder's has to come before an installed one. So the program starts itself again.
void SetPluginPath(char** argv) {
  const std::string ours = USDPARQUET_BENCHMARK_PLUGIN_PATH;
  const char* const given = std::getenv(kPluginPathVariable);
  if (given && std::string(given).starts_with(ours)) return;
  const std::string path = given && *given ? ours + ":" + given : ours;
  setenv(kPluginPathVariable, path.c_str(), 1);
  execv("/proc/self/exe", argv);
  throw std::runtime_error("the program can't start itself again");
}

int Run(const Options& options, int argc, char** argv) {
  const DataFolder folder = DataFolder::Open(options.folder);
  benchmark::AddCustomContext("data", folder.Path());
  benchmark::AddCustomContext("prims", std::to_string(folder.scene().prims));
  benchmark::AddCustomContext("hierarchy", folder.scene().HierarchyName());
  benchmark::AddCustomContext("plugin_path", USDPARQUET_BENCHMARK_PLUGIN_PATH);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const Readings readings(folder.scene());
  std::vector<Format> formats;
  for (const std::string& name : options.formats) formats.push_back(folder.FindFormat(name));
  if (formats.empty()) formats = folder.Formats();
  for (const Format& format : formats) {
    RegisterOpen(format, folder, readings);
    if (std::filesystem::exists(folder.Wide(format))) RegisterWide(format, folder);
    if (std::filesystem::exists(folder.Sparse(format))) RegisterSparse(format, folder);
    RegisterSpecs(format, folder, readings);
    RegisterValues(format, folder, readings);
    RegisterTraversals(format, folder, readings);
    RegisterMemory(format, folder);
    if (std::filesystem::exists(folder.Playback(format))) RegisterPlayback(format, folder);
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return HasFailed() ? 1 : 0;
}

int Main(int argc, char** argv) {
  SetPluginPath(argv);
  const Options options = TakeOptions(&argc, argv);
  switch (options.mode) {
    case Options::Mode::kHelp:
      std::cout << kUsage;
      return 0;
    case Options::Mode::kMemory: {
      const DataFolder folder = DataFolder::Open(options.folder);
      const Format format = folder.FindFormat(options.format);
      const LayerMemory memory = options.is_playback
                                     ? MeasurePlaybackMemory(folder, format)
                                     : MeasureMemory(folder, format, options.columns);
      std::cout << ToJson(memory, format) << std::endl;
      return 0;
    }
    case Options::Mode::kRead: {
      const DataFolder folder = DataFolder::Open(options.folder);
      const int64_t faults =
          ReadRepeatedly(folder, folder.FindFormat(options.format), options.reading);
      std::cout << R"({"page_faults": )" << faults << "}" << std::endl;
      return 0;
    }
    case Options::Mode::kRun:
      return Run(options, argc, argv);
  }
  return 2;
}

}  // namespace
}  // namespace usdparquet_bench

int main(int argc, char** argv) {
  try {
    return usdparquet_bench::Main(argc, argv);
  } catch (const std::invalid_argument& error) {
    std::cerr << "layer_benchmarks: " << error.what() << "\n" << usdparquet_bench::kUsage;
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "layer_benchmarks: " << error.what() << std::endl;
    return 1;
  }
}
