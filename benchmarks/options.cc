#include "options.h"

#include <optional>
#include <sstream>
#include <stdexcept>

namespace usdparquet_bench {

const char kUsage[] =
    "layer_benchmarks --data DIR [--formats LIST] [--benchmark_...]\n"
    "    runs the benchmarks over the files that generate.py wrote\n"
    "layer_benchmarks --data DIR --memory FORMAT [--columns 20|6] [--playback]\n"
    "    prints, as JSON, the memory of one layer after reading or playing it\n"
    "layer_benchmarks --data DIR --read FORMAT [--kind double|int|bool|string|touch|children]\n"
    "                 [--passes N] [--fresh]\n"
    "    reads N times a property of every prim, all properties of one prim, or the names of\n"
    "    all children, each time of a layer just opened if --fresh, for instruction counts;\n"
    "    prints, as JSON, the page faults of the passes\n";

namespace {

/// The value of the option at `*index`, if it is `name`; moves on to the last argument used.
std::optional<std::string> OptionValue(const std::string& name, int argc, char** argv, int* index) {
  const std::string argument = argv[*index];
  if (argument.starts_with(name + "=")) return argument.substr(name.size() + 1);
  if (argument != name) return std::nullopt;
  if (*index + 1 == argc) throw std::invalid_argument(name + " needs a value");
  return argv[++*index];
}

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> names;
  std::istringstream in(list);
  for (std::string name; std::getline(in, name, ',');) names.push_back(name);
  return names;
}

int64_t ParseNumber(const std::string& name, const std::string& text, int64_t lowest = 1) {
  size_t used = 0;
  int64_t number = 0;
  try {
    number = std::stoll(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != text.size() || number < lowest) {
    throw std::invalid_argument(name + " is a number from " + std::to_string(lowest) + ", not '" +
                                text + "'");
  }
  return number;
}

/// Takes the option at `*index`; false if it is not one of the program's.
bool Take(int argc, char** argv, int* index, Options* options) {
  const auto value_of = [&](const char* name) { return OptionValue(name, argc, argv, index); };
  if (std::string(argv[*index]) == "--help") {
    options->mode = Options::Mode::kHelp;
  } else if (std::string(argv[*index]) == "--playback") {
    options->is_playback = true;
  } else if (std::string(argv[*index]) == "--fresh") {
    options->reading.is_fresh = true;
  } else if (const auto data = value_of("--data")) {
    options->folder = *data;
  } else if (const auto formats = value_of("--formats")) {
    options->formats = Split(*formats);
  } else if (const auto format = value_of("--memory")) {
    options->mode = Options::Mode::kMemory;
    options->format = *format;
  } else if (const auto read = value_of("--read")) {
    options->mode = Options::Mode::kRead;
    options->format = *read;
  } else if (const auto kind = value_of("--kind")) {
    options->reading.kind = *kind;
  } else if (const auto passes = value_of("--passes")) {
    options->reading.passes = ParseNumber("--passes", *passes);
  } else if (const auto columns = value_of("--columns")) {
    options->columns = static_cast<int>(ParseNumber("--columns", *columns, 0));
  } else {
    return false;
  }
  return true;
}

}  // namespace

Options TakeOptions(int* argc, char** argv) {
  Options options;
  int kept = 1;
  for (int i = 1; i < *argc; ++i) {
    if (!Take(*argc, argv, &i, &options)) argv[kept++] = argv[i];
  }
  *argc = kept;
  if (options.columns != 0 && options.columns != 6 && options.columns != 20) {
    throw std::invalid_argument("--columns is 20, 6 or 0");
  }
  if (options.mode != Options::Mode::kHelp && options.folder.empty()) {
    throw std::invalid_argument("--data is needed");
  }
  return options;
}

}  // namespace usdparquet_bench
