#pragma once

/// \file
/// What a target calls a wrong answer: the process ends, as it does at a crash.

#include <cstdio>
#include <cstdlib>
#include <string>

namespace usdparquet_fuzz {

[[noreturn]] inline void FailCheck(const char* file, int line, const char* condition,
                                   const std::string& detail) {
  std::fprintf(stderr, "%s:%d: wrong answer: %s\n%s\n", file, line, condition, detail.c_str());
  std::abort();
}

}  // namespace usdparquet_fuzz

/// Ends the process unless `condition` holds; `detail` is made only then.
#define FUZZ_CHECK(condition, detail)                                                    \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      ::usdparquet_fuzz::FailCheck(__FILE__, __LINE__, #condition, std::string(detail)); \
    }                                                                                    \
  } while (false)
