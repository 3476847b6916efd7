#pragma once

/// \file
/// Benchmarks check what they read; a wrong answer fails the run.

#include <benchmark/benchmark.h>

#include <string>

namespace usdparquet_bench {

/// Marks the benchmark as failed and remembers it for HasFailed. From any thread.
void Fail(benchmark::State& state, const std::string& message);

/// Whether any benchmark of the process failed.
bool HasFailed();

/// Reports the seconds per item as the counter `per_item`, which ratios.py reads. Each of several
/// threads counts its own items.
void CountItems(benchmark::State& state, size_t items_per_iteration);

/// Runs `body(state)`; an exception fails the benchmark.
template <typename Body>
auto Checked(Body body) {
  return [body](benchmark::State& state) {
    try {
      body(state);
    } catch (const std::exception& error) {
      Fail(state, error.what());
    }
  };
}

}  // namespace usdparquet_bench
