// The Python module usdparquet._core: the core library's tables and page cache.
// Nothing here knows OpenUSD; paths and identifiers pass as strings.

#include <arrow/io/file.h>
#include <arrow/memory_pool.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/function.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <stdexcept>
#include <string>

#include "core/page_cache.h"
#include "core/table.h"
#include "core/table_writer.h"

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

/// Python's identifiers are those of OpenUSD: XID_Start or `_`, then XID_Continue. Asked only of
/// names beyond ASCII, from any thread.
bool IsPythonIdentifier(std::string_view name) {
  const nb::gil_scoped_acquire locked;
  PyObject* text = PyUnicode_DecodeUTF8(name.data(), static_cast<Py_ssize_t>(name.size()), nullptr);
  if (!text) {
    PyErr_Clear();
    return false;
  }
  const bool is_identifier = PyUnicode_IsIdentifier(text) == 1;
  Py_DECREF(text);
  return is_identifier;
}

std::shared_ptr<Table> OpenTable(const std::string& file, const std::string& path_column) {
  nb::gil_scoped_release unlocked;
  auto opened = arrow::io::ReadableFile::Open(file, arrow::system_memory_pool());
  if (!opened.ok()) throw std::runtime_error(file + ": " + opened.status().message());
  usdparquet::TableOptions options;
  options.path_column = path_column;
  options.unicode_test = IsPythonIdentifier;
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
  out["has_embedded_index"] = table->paths().is_embedded();
  out["created_by"] = table->metadata().created_by();
  out["columns"] = columns;
  out["left_out"] = left_out;
  out["warnings"] = warnings;
  return out;
}

arrow::Compression::type CodecOf(const std::string& name) {
  if (name == "none") return arrow::Compression::UNCOMPRESSED;
  if (name == "snappy") return arrow::Compression::SNAPPY;
  if (name == "zstd") return arrow::Compression::ZSTD;
  throw std::invalid_argument("compression '" + name + "' is none of none, snappy, zstd");
}

nb::dict Optimize(const std::string& input, const std::string& output,
                  const std::string& path_column, const std::string& compression,
                  std::optional<int> level, int64_t rows_per_page, int64_t rows_per_group,
                  bool has_index, std::function<void(int64_t, int64_t)> progress) {
  usdparquet::WriteOptions options;
  options.path_column = path_column;
  options.codec = CodecOf(compression);
  options.compression_level = level;
  options.rows_per_page = rows_per_page;
  options.rows_per_group = rows_per_group;
  options.has_index = has_index;
  options.unicode_test = IsPythonIdentifier;
  if (progress) {
    options.progress = [&progress](int64_t done, int64_t all) {
      const nb::gil_scoped_acquire locked;
      progress(done, all);
    };
  }
  const auto write = [&] {
    const nb::gil_scoped_release unlocked;
    return usdparquet::OptimizeFile(input, output, options);
  };
  const auto summary = write();
  if (!summary.ok()) throw std::runtime_error(summary.status().message());
  nb::dict out;
  out["rows"] = summary->rows;
  out["bytes"] = summary->bytes;
  out["index_bytes"] = summary->index_bytes;
  out["was_reordered"] = summary->was_reordered;
  out["invalid_paths"] = summary->num_invalid;
  out["duplicate_paths"] = summary->num_duplicates;
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
  m.def(
      "optimize", &Optimize, nb::arg("input"), nb::arg("output"), nb::arg("path_column") = "path",
      nb::arg("compression") = "zstd", nb::arg("level") = nb::none(),
      nb::arg("rows_per_page") = usdparquet::WriteOptions().rows_per_page,
      nb::arg("rows_per_group") = usdparquet::WriteOptions().rows_per_group,
      nb::arg("has_index") = true, nb::arg("progress") = nb::none(),
      "Writes the Parquet file `input` to `output` with its rows in namespace order, small pages, "
      "page index, checksums and the embedded path index. `progress(done, all)` is called with "
      "numbers of rows. Returns rows, bytes, index_bytes, was_reordered, invalid_paths, "
      "duplicate_paths. Raises RuntimeError with the reason; the output is then as it was.");
}
