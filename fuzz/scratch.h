#pragma once

/// \file
/// A folder for the files that a target writes.

#include <unistd.h>

#include <filesystem>
#include <string>

namespace usdparquet_fuzz {

/// A folder for this process, in memory where there is such a place.
class Scratch {
 public:
  Scratch() {
    const std::filesystem::path memory = "/dev/shm";
    const std::filesystem::path base =
        std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
    folder_ = base / ("usdparquet_fuzz_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string operator/(const char* name) const { return folder_ / name; }

 private:
  std::filesystem::path folder_;
};

}  // namespace usdparquet_fuzz
