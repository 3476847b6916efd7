// Reading tables into Python.

#include <arrow/c/bridge.h>
#include <arrow/io/file.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings.h"
#include "core/schema/property_name.h"
#include "core/sections/residual_blob.h"
#include "core/table/read_columns.h"
#include "core/table/table.h"

namespace nb = nanobind;

namespace usdparquet::bindings {
namespace {

arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenFile(const std::string& file) {
  auto opened = arrow::io::ReadableFile::Open(file, arrow::system_memory_pool());
  if (!opened.ok()) return opened.status().WithMessage(file, ": ", opened.status().message());
  return *opened;
}

arrow::Result<std::shared_ptr<Table>> OpenTable(const std::string& file, TableOptions options) {
  ARROW_ASSIGN_OR_RAISE(auto opened, OpenFile(file));
  options.unicode_test = IsPythonIdentifier;
  return Table::Open(std::move(opened), file, std::move(options));
}

const char* RoleName(ColumnRole role) {
  switch (role) {
    case ColumnRole::kRelationship:
      return "relationship";
    case ColumnRole::kPrimMetadata:
      return "metadata";
    default:
      return "attribute";
  }
}

nb::dict Describe(const std::string& file, const std::string& path_column) {
  TableOptions options;
  options.path_column = path_column;
  const auto open = [&] {
    const nb::gil_scoped_release unlocked;
    return OpenTable(file, std::move(options));
  };
  const auto opened = open();
  if (!opened.ok()) throw std::runtime_error(opened.status().message());
  const Table& table = **opened;
  nb::list columns;
  for (const auto& column : table.columns()) {
    nb::dict entry;
    entry["name"] = column.column_name;
    entry["property"] = column.property_name;
    entry["storage"] = column.storage;
    entry["sdf_type"] = column.sdf_type;
    entry["role"] = RoleName(column.role);
    entry["field"] = column.field;
    columns.append(entry);
  }
  nb::list left_out;
  for (const auto& column : table.left_out()) {
    nb::dict entry;
    entry["name"] = column.column_name;
    entry["reason"] = column.reason;
    left_out.append(entry);
  }
  nb::list warnings;
  for (const std::string& warning : table.warnings()) warnings.append(warning);
  nb::dict out;
  int64_t residual_bytes = 0;
  const auto residual = FindResidual(table.file(), table.metadata());
  if (residual.ok() && *residual) residual_bytes = (*residual)->length;
  out["path_column"] = table.path_column();
  out["residual_bytes"] = residual_bytes;
  out["rows"] = table.num_rows();
  out["row_groups"] = table.metadata().num_row_groups();
  out["prims"] = table.paths().num_row_prims();
  out["index_bytes"] = table.paths().MemoryUsage();
  out["has_embedded_index"] = table.paths().is_embedded();
  out["created_by"] = table.metadata().created_by();
  out["columns"] = columns;
  out["left_out"] = left_out;
  out["warnings"] = warnings;
  return out;
}

/// Gives the stream back if Python did not take it.
void ReleaseStream(void* pointer) noexcept {
  auto* const stream = static_cast<ArrowArrayStream*>(pointer);
  if (stream->release) stream->release(stream);
  delete stream;
}

nb::object StreamOf(const std::shared_ptr<arrow::Table>& table) {
  auto stream = std::make_unique<ArrowArrayStream>();
  const arrow::Status status = arrow::ExportRecordBatchReader(
      std::make_shared<arrow::TableBatchReader>(table), stream.get());
  if (!status.ok()) Raise(status);
  return nb::capsule(stream.release(), "arrow_array_stream", &ReleaseStream);
}

nb::dict Read(const std::string& file, const std::string& path_column,
              const std::string& time_column, std::optional<std::vector<std::string>> columns,
              std::optional<std::vector<std::string>> paths, std::optional<std::string> under) {
  ReadRequest request;
  request.path_column = path_column;
  request.time_column = time_column;
  request.columns = std::move(columns);
  request.paths = std::move(paths);
  request.under = std::move(under);
  request.unicode_test = IsPythonIdentifier;
  const auto read = [&]() -> arrow::Result<ReadAnswer> {
    const nb::gil_scoped_release unlocked;
    ARROW_ASSIGN_OR_RAISE(auto opened, OpenFile(file));
    return ReadColumns(std::move(opened), file, request);
  };
  const auto answer = read();
  if (!answer.ok()) Raise(answer.status());
  nb::list missing;
  for (const std::string& path : answer->missing) missing.append(path);
  nb::dict out;
  out["stream"] = StreamOf(answer->table);
  out["missing"] = missing;
  out["num_missing"] = answer->num_missing;
  return out;
}

nb::list CheckValues(const std::string& file, const std::string& path_column) {
  std::vector<std::string> found;
  TableOptions options;
  options.path_column = path_column;
  options.report = [&found](bool, const std::string& message) { found.push_back(message); };
  const auto read = [&]() -> arrow::Status {
    const nb::gil_scoped_release unlocked;
    ARROW_ASSIGN_OR_RAISE(const auto table, OpenTable(file, std::move(options)));
    for (size_t column = 0; column < table->columns().size(); ++column) {
      for (uint32_t row = 0; row < table->num_rows();) {
        EpochGuard guard;
        const Page* page = table->Fetch(column, row, guard);
        row = page->first_row + page->num_rows;
      }
    }
    return arrow::Status::OK();
  };
  const arrow::Status status = read();
  if (!status.ok()) throw std::runtime_error(status.message());
  nb::list out;
  for (const std::string& message : found) out.append(message);
  return out;
}

}  // namespace

void AddReading(nb::module_& m) {
  m.def("describe", &Describe, nb::arg("file"), nb::arg("path_column") = "",
        "What the Parquet file is as a layer: rows, row_groups, prims, path_column, columns (name, "
        "property, storage, sdf_type, role, field), left_out (name, reason), residual_bytes, "
        "warnings. Raises RuntimeError with the "
        "reason if it can't be opened.");
  m.def(
      "property_name",
      [](const std::string& column) { return MakePropertyName(column, IsPythonIdentifier); },
      nb::arg("column"), "The name of the property that a column of that name becomes.");
  m.def("check_values", &CheckValues, nb::arg("file"), nb::arg("path_column") = "",
        "Decodes every page that a layer would read, with its checksum, and returns a message for "
        "each column with damage and each with cells that no USD value can hold.");
  m.def("read_rows", &Read, nb::arg("file"), nb::kw_only(), nb::arg("path_column") = "",
        nb::arg("time_column") = "", nb::arg("columns") = nb::none(), nb::arg("paths") = nb::none(),
        nb::arg("under") = nb::none(),
        "Reads columns of all rows, of those of `paths` or of those `under` a prim. Returns "
        "`stream` (an `arrow_array_stream` capsule), `missing` (the first few paths without a row) "
        "and `num_missing`. Raises ValueError for what is wrong with the request, OSError for what "
        "is wrong with the file.");
}

}  // namespace usdparquet::bindings
