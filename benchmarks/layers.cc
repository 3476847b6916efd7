#include "layers.h"

#include <malloc.h>
#include <sys/resource.h>

#include <mutex>
#include <stdexcept>
#include <thread>

PXR_NAMESPACE_USING_DIRECTIVE

namespace usdparquet_bench {
namespace {

std::mutex shared_mutex;
SdfLayerRefPtr& Shared() {
  static auto* const layer = new SdfLayerRefPtr;  // not closed at exit, after OpenUSD's own statics
  return *layer;
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

SdfLayerRefPtr Open(const std::string& file, const SdfLayer::FileFormatArguments& arguments = {}) {
  const SdfLayerRefPtr layer = SdfLayer::FindOrOpen(file, arguments);
  if (!layer) throw std::runtime_error(file + ": the layer can't be opened");
  return layer;
}

void WaitUntilIdle() {
  constexpr auto kWindow = std::chrono::milliseconds(3);
  const auto start = Clock::now();
  double before = CpuSeconds();
  while (SecondsSince(start) < 30) {
    std::this_thread::sleep_for(kWindow);
    const double now = CpuSeconds();
    if (now - before < 0.3e-3) return;
    before = now;
  }
}

}  // namespace

SdfLayerRefPtr FreshLayer(const std::string& file, double* seconds,
                          const SdfLayer::FileFormatArguments& arguments) {
  {
    const std::lock_guard lock(shared_mutex);
    Shared().Reset();
  }
  Settle();
  if (SdfLayer::Find(file, arguments))
    throw std::logic_error(file + " is open already, so opening it can't be measured");
  const auto start = Clock::now();
  const SdfLayerRefPtr layer = Open(file, arguments);
  if (seconds) *seconds = SecondsSince(start);
  return layer;
}

SdfLayerRefPtr SharedLayer(const std::string& file) {
  const std::lock_guard lock(shared_mutex);
  if (!Shared() || Shared()->GetIdentifier() != file) {
    Shared().Reset();
    Settle();
    Shared() = Open(file);
  }
  return Shared();
}

void Settle() {
  WaitUntilIdle();
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace usdparquet_bench
