// Writing tables from Python.

#include <arrow/c/bridge.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <nanobind/stl/function.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <map>
#include <optional>
#include <string>

#include "bindings/bindings.h"
#include "core/check/table_check.h"
#include "core/schema/schema_entry.h"
#include "core/util/file_name.h"
#include "core/write/codec_name.h"
#include "core/write/table_writer.h"

namespace nb = nanobind;

namespace usdparquet::bindings {
namespace {

nb::dict SummaryDict(const WriteSummary& summary) {
  nb::dict out;
  out["rows"] = summary.rows;
  out["bytes"] = summary.bytes;
  out["index_bytes"] = summary.index_bytes;
  out["was_reordered"] = summary.was_reordered;
  out["invalid_paths"] = summary.num_invalid;
  out["duplicate_paths"] = summary.num_duplicates;
  out["timed_cells"] = summary.num_timed_cells;
  out["order"] = !summary.order                      ? nb::none()
                 : *summary.order == RowOrder::kPath ? nb::object(nb::str("path"))
                                                     : nb::object(nb::str("time"));
  return out;
}

arrow::Result<arrow::Compression::type> ParseCodec(const std::string& name) {
  if (const auto codec = CodecNamed(name)) return *codec;
  return arrow::Status::Invalid("compression '", name, "' is none of ", kCodecNames);
}

arrow::Result<RowOrder> ParseOrder(const std::string& name) {
  if (name == "path") return RowOrder::kPath;
  if (name == "time") return RowOrder::kTime;
  return arrow::Status::Invalid("order '", name, "' is neither path nor time");
}

nb::dict Optimize(const nb::object& input, const nb::object& output, const std::string& path_column,
                  const std::string& compression, std::optional<int> level, int64_t rows_per_page,
                  int64_t rows_per_group, bool has_index, const std::string& time_column,
                  const std::optional<std::string>& order, Progress::Function progress) {
  Progress reported(std::move(progress));
  WriteOptions options;
  options.path_column = path_column;
  options.codec = ValueOrRaise(ParseCodec(compression));
  options.compression_level = level;
  options.rows_per_page = rows_per_page;
  options.rows_per_group = rows_per_group;
  options.has_index = has_index;
  options.time_column = time_column;
  if (order) options.order = ValueOrRaise(ParseOrder(*order));
  options.unicode_test = IsPythonIdentifier;
  options.progress = reported.Callback();
  const std::string from = FileName(input), to = FileName(output);
  return SummaryDict(reported.Run([&] { return OptimizeFile(from, to, options); }));
}

/// Takes the stream out of the capsule that `__arrow_c_stream__` returns.
arrow::Result<std::shared_ptr<arrow::Table>> ReadStream(ArrowArrayStream* stream) {
  ARROW_ASSIGN_OR_RAISE(const auto reader, arrow::ImportRecordBatchReader(stream));
  return reader->ToTable();
}

arrow::Result<WriteSummary> CheckAndWrite(ArrowArrayStream* stream, const std::string& file,
                                          const TableCheck& check, WriteOptions options,
                                          const std::map<std::string, std::string>& metadata) {
  ARROW_ASSIGN_OR_RAISE(auto table, WithFileName(ReadStream(stream), file));
  ARROW_ASSIGN_OR_RAISE(const auto checked,
                        WithFileName(CheckTable(std::move(table), check), file));
  const auto old = checked.table->schema()->metadata();
  auto merged = old ? old->Copy() : arrow::key_value_metadata({}, {});
  if (merged->Contains(kSchemaKey)) ARROW_RETURN_NOT_OK(merged->Delete(kSchemaKey));
  for (const auto& [key, value] : metadata) ARROW_RETURN_NOT_OK(merged->Set(key, value));
  options.schema_json = checked.schema_json;
  return WriteTable(*checked.table->ReplaceSchemaMetadata(merged), file, options);
}

nb::dict Write(nb::capsule stream, const nb::object& file, const std::string& path_column,
               const std::string& compression, std::optional<int> level,
               std::optional<int64_t> rows_per_page, std::optional<int64_t> rows_per_group,
               const std::string& time_column, const std::optional<std::string>& order,
               const std::map<std::string, std::string>& types, const std::string& schema_json,
               const std::map<std::string, std::string>& metadata, bool is_strict,
               Progress::Function progress) {
  Progress reported(std::move(progress));
  WriteOptions options;
  options.path_column = path_column;
  options.codec = ValueOrRaise(ParseCodec(compression));
  options.compression_level = level;
  if (rows_per_page) options.rows_per_page = *rows_per_page;
  if (rows_per_group) options.rows_per_group = *rows_per_group;
  options.unicode_test = IsPythonIdentifier;
  options.progress = reported.Callback();
  TableCheck check;
  check.path_column = path_column;
  check.time_column = time_column;
  if (order) options.order = ValueOrRaise(ParseOrder(*order));
  check.types = types;
  if (!schema_json.empty()) {
    check.layer = ValueOrRaise(ParseSchemaEntry(schema_json)).layer;
  }
  check.is_strict = is_strict;
  check.unicode_test = IsPythonIdentifier;
  auto* const c_stream = static_cast<ArrowArrayStream*>(stream.data("arrow_array_stream"));
  if (!c_stream) throw nb::type_error("the object gives no Arrow C stream");
  const std::string target = FileName(file);
  return SummaryDict(
      reported.Run([&] { return CheckAndWrite(c_stream, target, check, options, metadata); }));
}

}  // namespace

void AddWriting(nb::module_& m) {
  m.def(
      "optimize", &Optimize, nb::arg("input"), nb::arg("output"), nb::arg("path_column") = "path",
      nb::arg("compression") = "zstd", nb::arg("level") = nb::none(),
      nb::arg("rows_per_page") = WriteOptions().rows_per_page,
      nb::arg("rows_per_group") = WriteOptions().rows_per_group, nb::arg("has_index") = true,
      nb::arg("time_column") = "", nb::arg("order") = nb::none(), nb::arg("progress") = nb::none(),
      "Writes the Parquet file `input` to `output` with its rows in namespace order, small "
      "pages, page index, checksums and the embedded path index. `progress(done, all)` is called "
      "with numbers of rows. `time_column` names the times of a long table, whose rows go by "
      "`order`, 'path' or 'time'. Returns rows, bytes, index_bytes, was_reordered, "
      "invalid_paths, duplicate_paths, timed_cells, order (None unless the table is long). Raises "
      "ValueError for what is wrong with the request, OSError for what is wrong with a file; the "
      "output is then as it was.");
  m.def("write_table", &Write, nb::arg("stream"), nb::arg("file"), nb::kw_only(),
        nb::arg("path_column") = "path", nb::arg("compression") = "zstd",
        nb::arg("level") = nb::none(), nb::arg("rows_per_page") = nb::none(),
        nb::arg("rows_per_group") = nb::none(), nb::arg("time_column") = "",
        nb::arg("order") = nb::none(), nb::arg("types") = std::map<std::string, std::string>(),
        nb::arg("schema_json") = "", nb::arg("metadata") = std::map<std::string, std::string>(),
        nb::arg("is_strict") = true, nb::arg("progress") = nb::none(),
        "Checks the table of an `arrow_array_stream` capsule and writes it to `file` as `optimize` "
        "does. Raises ValueError for what is wrong with the table, OSError for what the system "
        "refused; the file is then as it was.");
}

}  // namespace usdparquet::bindings
