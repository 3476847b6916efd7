#pragma once

/// \file
/// The program's own options; those of google-benchmark are left in place.

#include <cstdint>
#include <string>
#include <vector>

#include "repeated_reading.h"

namespace usdparquet_bench {

struct Options {
  enum class Mode { kRun, kMemory, kRead, kHelp };

  Mode mode = Mode::kRun;
  std::string folder;
  std::vector<std::string> formats;  // all that have files if empty
  std::string format;                // for --memory and --read
  int columns = 20;                  // for --memory
  bool is_playback = false;          // for --memory
  RepeatedReading reading;           // for --read
};

/// Takes the options that are the program's from the arguments, as `--name value` or
/// `--name=value`. Throws std::invalid_argument with a sentence for the user.
Options TakeOptions(int* argc, char** argv);

extern const char kUsage[];

}  // namespace usdparquet_bench
