// The Python module usdparquet._core: the core library's tables and page cache.
// Nothing here knows OpenUSD; paths and identifiers pass as strings.

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <string>

#include "bindings/bindings.h"
#include "core/pages/page_cache.h"

namespace nb = nanobind;

namespace {

using usdparquet::CacheStats;
using usdparquet::PageCache;

nb::dict Stats() {
  const CacheStats stats = PageCache::Instance().Stats();
  nb::dict out;
  out["hits"] = stats.hits;
  out["misses"] = stats.misses;
  out["evictions"] = stats.evictions;
  out["bytes_resident"] = stats.bytes_resident;
  out["bytes_peak"] = stats.bytes_peak;
  out["bytes_read"] = stats.bytes_read;
  out["budget"] = stats.budget;
  return out;
}

}  // namespace

NB_MODULE(_core, m) {
  m.doc() = "Native part of usdparquet.";
  m.def(
      "version", [] { return std::string(USDPARQUET_VERSION); },
      "The version of the native library.");
  m.def("cache_stats", &Stats,
        "The counters of the process-wide page cache: hits, misses, evictions (counts since the "
        "process started), bytes_resident, bytes_peak, bytes_read, budget (bytes). Thread-safe.");
  m.def(
      "set_cache_budget", [](uint64_t bytes) { PageCache::Instance().SetBudget(bytes); },
      nb::arg("bytes"), nb::call_guard<nb::gil_scoped_release>(),
      "Sets the byte budget of the page cache and evicts at once what no longer fits.");
  usdparquet::bindings::AddReading(m);
  usdparquet::bindings::AddWriting(m);
  usdparquet::bindings::AddRecovering(m);
  usdparquet::bindings::AddColoring(m);
  usdparquet::bindings::AddJoining(m);
  usdparquet::bindings::AddInterrupting(m);
  usdparquet::bindings::AddDatasets(m);
}
