#include "check.h"

#include <atomic>
#include <iostream>

namespace usdparquet_bench {
namespace {
std::atomic<bool> has_failed{false};
}

void Fail(benchmark::State& state, const std::string& message) {
  has_failed = true;
  std::cerr << "FAILED: " << message << std::endl;
  state.SkipWithError(message.c_str());
}

bool HasFailed() { return has_failed; }

void CountItems(benchmark::State& state, size_t items_per_iteration) {
  const double items =
      static_cast<double>(items_per_iteration) * static_cast<double>(state.iterations());
  state.counters["per_item"] =
      benchmark::Counter(items, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

}  // namespace usdparquet_bench
