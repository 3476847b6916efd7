#pragma once

/// \file
/// The program's own options; those of google-benchmark are left in place.

#include <string>
#include <vector>

#include "formats.h"

namespace usdparquet_bench {

struct Options {
  enum class Mode { kRun, kGenerate, kMemory, kRead, kHelp };

  Mode mode = Mode::kRun;
  std::string folder;
  Scene scene;                  // of --generate
  std::vector<Format> formats;  // all, or those of --formats
  Format memory_format;         // of --memory
  int columns = 20;             // of --memory
  bool is_playback = false;     // of --memory
  Format read_format;           // of --read
  std::string kind = "double";  // of --read
  int64_t passes = 1;           // of --read
};

/// Takes the options that are the program's from the arguments, as `--name value` or
/// `--name=value`. Throws std::invalid_argument with a sentence for the user.
Options TakeOptions(int* argc, char** argv);

extern const char kUsage[];

}  // namespace usdparquet_bench
