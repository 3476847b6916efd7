// The Python module usdparquet._core: the core library's tables and page cache.
// Nothing here knows OpenUSD; paths and identifiers pass as strings.

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <arrow/io/file.h>
#include <arrow/memory_pool.h>

#include <stdexcept>
#include <string>

#include "core/page_cache.h"
#include "core/table.h"

namespace nb = nanobind;

namespace {

using usdparquet::CacheStats;
using usdparquet::PageCache;
using usdparquet::Table;

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

std::shared_ptr<Table> OpenTable(const std::string& file, const std::string& path_column) {
  nb::gil_scoped_release unlocked;
  auto opened = arrow::io::ReadableFile::Open(file, arrow::system_memory_pool());
  if (!opened.ok()) throw std::runtime_error(file + ": " + opened.status().message());
  usdparquet::TableOptions options;
  options.path_column = path_column;
  auto table = Table::Open(*opened, file, std::move(options));
  if (!table.ok()) throw std::runtime_error(table.status().message());
  return *table;
}

nb::dict Describe(const std::string& file, const std::string& path_column) {
  const auto table = OpenTable(file, path_column);
  nb::list columns;
  for (const auto& column : table->columns()) {
    nb::dict entry;
    entry["name"] = column.column_name;
    entry["property"] = column.property_name;
    entry["storage"] = column.storage;
    entry["sdf_type"] = column.sdf_type;
    columns.append(entry);
  }
  nb::list left_out;
  for (const auto& column : table->left_out()) {
    nb::dict entry;
    entry["name"] = column.column_name;
    entry["reason"] = column.reason;
    left_out.append(entry);
  }
  nb::list warnings;
  for (const std::string& warning : table->warnings()) warnings.append(warning);
  nb::dict out;
  out["rows"] = table->num_rows();
  out["row_groups"] = table->metadata().num_row_groups();
  out["prims"] = table->paths().num_row_prims();
  out["index_bytes"] = table->paths().MemoryUsage();
  out["created_by"] = table->metadata().created_by();
  out["columns"] = columns;
  out["left_out"] = left_out;
  out["warnings"] = warnings;
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
  m.def("describe", &Describe, nb::arg("file"), nb::arg("path_column") = "path",
        "What the Parquet file is as a layer: rows, row_groups, prims, columns (name, property, "
        "storage, sdf_type), left_out (name, reason), warnings. Raises RuntimeError with the "
        "reason if it can't be opened.");
}
