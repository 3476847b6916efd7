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

/// Reports the seconds an item takes in `per_item`, the counter that ratios.py reads. With several
/// threads each counts the items that it went over.
void CountItems(benchmark::State& state, size_t items_per_iteration);

/// Runs `body(state)`; an exception of it fails the benchmark.
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
