#include "core/util/parallel_for.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "core/util/guard.h"

namespace usdparquet {
arrow::Status ParallelFor(unsigned num_threads, size_t count,
                          const std::function<arrow::Status(size_t)>& f) {
  std::atomic<size_t> next{0};
  std::mutex mutex;  // for the next two
  arrow::Status failure;
  size_t failed = count;
  const auto work = [&] {
    for (size_t i = next++; i < count; i = next++) {
      const arrow::Status status = Guarded([&] { return f(i); });
      if (status.ok()) continue;
      next = count;
      std::lock_guard lock(mutex);
      if (i < failed) {
        failed = i;
        failure = status;
      }
    }
  };
  // The system is asked only where it matters: it reads a file to answer.
  const size_t wanted = count < 2     ? 1
                        : num_threads ? num_threads
                                      : std::thread::hardware_concurrency();
  std::vector<std::thread> threads;
  try {
    for (size_t t = 1; t < std::min(wanted, count); ++t) threads.emplace_back(work);
  } catch (const std::exception&) {
    // The system gives no more threads: those that there are do all the work.
  }
  work();
  for (std::thread& thread : threads) thread.join();
  return failure;
}

}  // namespace usdparquet
