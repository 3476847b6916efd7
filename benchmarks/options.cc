#include "options.h"

#include <optional>
#include <sstream>
#include <stdexcept>

namespace usdparquet_bench {

const char kUsage[] =
    "layer_benchmarks --generate DIR [--prims N] [--hierarchy flat|deep] [--formats LIST]\n"
    "    writes the files of a scene that are not there yet\n"
    "layer_benchmarks --data DIR [--formats LIST] [--benchmark_...]\n"
    "    runs the benchmarks of the files that are there\n"
    "layer_benchmarks --data DIR --memory FORMAT [--columns 20|6] [--playback]\n"
    "    prints, as JSON, the memory of one layer after reading or playing it\n"
    "layer_benchmarks --data DIR --read FORMAT [--kind double|int|bool|string] [--passes N]\n"
    "    opens one layer and reads a property of every prim N times, for instruction counts\n"
    "Formats: usdc, parquet_none, parquet_snappy, parquet_zstd, indexed_none, indexed_zstd, "
    "floor.\n";

namespace {

/// The value of the option at `*index`, if it is `name`; moves on to the last argument used.
std::optional<std::string> ValueOf(const std::string& name, int argc, char** argv, int* index) {
  const std::string argument = argv[*index];
  if (argument.starts_with(name + "=")) return argument.substr(name.size() + 1);
  if (argument != name) return std::nullopt;
  if (*index + 1 == argc) throw std::invalid_argument(name + " needs a value");
  return argv[++*index];
}

Format ParseFormat(const std::string& name) {
  const Format* const format = FindFormat(name);
  if (!format) throw std::invalid_argument("there is no format '" + name + "'");
  return *format;
}

std::vector<Format> ParseFormats(const std::string& list) {
  std::vector<Format> formats;
  std::istringstream in(list);
  for (std::string name; std::getline(in, name, ',');) formats.push_back(ParseFormat(name));
  return formats;
}

int64_t ParseNumber(const std::string& name, const std::string& text) {
  size_t used = 0;
  int64_t number = 0;
  try {
    number = std::stoll(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != text.size() || number < 1) {
    throw std::invalid_argument(name + " is a number from 1, not '" + text + "'");
  }
  return number;
}

/// Takes the option at `*index`; false if it is not one of the program's.
bool Take(int argc, char** argv, int* index, Options* options) {
  const auto value_of = [&](const char* name) { return ValueOf(name, argc, argv, index); };
  if (std::string(argv[*index]) == "--help") {
    options->mode = Options::Mode::kHelp;
  } else if (std::string(argv[*index]) == "--playback") {
    options->is_playback = true;
  } else if (const auto folder = value_of("--generate")) {
    options->mode = Options::Mode::kGenerate;
    options->folder = *folder;
  } else if (const auto data = value_of("--data")) {
    options->folder = *data;
  } else if (const auto prims = value_of("--prims")) {
    options->scene.prims = ParseNumber("--prims", *prims);
  } else if (const auto hierarchy = value_of("--hierarchy")) {
    options->scene.hierarchy = ParseHierarchy(*hierarchy);
  } else if (const auto formats = value_of("--formats")) {
    options->formats = ParseFormats(*formats);
  } else if (const auto format = value_of("--memory")) {
    options->mode = Options::Mode::kMemory;
    options->memory_format = ParseFormat(*format);
  } else if (const auto read = value_of("--read")) {
    options->mode = Options::Mode::kRead;
    options->read_format = ParseFormat(*read);
  } else if (const auto kind = value_of("--kind")) {
    options->kind = *kind;
  } else if (const auto passes = value_of("--passes")) {
    options->passes = ParseNumber("--passes", *passes);
  } else if (const auto columns = value_of("--columns")) {
    options->columns = static_cast<int>(ParseNumber("--columns", *columns));
  } else {
    return false;
  }
  return true;
}

}  // namespace

Options TakeOptions(int* argc, char** argv) {
  Options options;
  options.formats = {kFormats.begin(), kFormats.end()};
  int kept = 1;
  for (int i = 1; i < *argc; ++i) {
    if (!Take(*argc, argv, &i, &options)) argv[kept++] = argv[i];
  }
  *argc = kept;
  if (options.columns != 6 && options.columns != 20) {
    throw std::invalid_argument("--columns is 20 or 6");
  }
  if (options.mode != Options::Mode::kHelp && options.folder.empty()) {
    throw std::invalid_argument("--generate or --data is needed");
  }
  return options;
}

}  // namespace usdparquet_bench
