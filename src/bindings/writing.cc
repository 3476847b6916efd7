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
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bindings/bindings.h"
#include "core/check/table_check.h"
#include "core/check/table_checker.h"
#include "core/schema/schema_entry.h"
#include "core/util/block_memory.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"
#include "core/write/batch_spool.h"
#include "core/write/layout_names.h"
#include "core/write/row_source.h"
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

arrow::Result<FileLayout> ParseLayout(const std::string& name) {
  if (const auto layout = LayoutNamed(name)) return *layout;
  return arrow::Status::Invalid("layout '", name, "' is none of ", kLayoutNames);
}

arrow::Result<RowOrder> ParseOrder(const std::string& name) {
  if (name == "path") return RowOrder::kPath;
  if (name == "time") return RowOrder::kTime;
  return arrow::Status::Invalid("order '", name, "' is neither path nor time");
}

nb::dict Optimize(const nb::object& input, const nb::object& output, const std::string& path_column,
                  const std::optional<std::string>& layout,
                  const std::optional<std::string>& compression, std::optional<int> level,
                  std::optional<int64_t> rows_per_page, int64_t rows_per_group, bool has_index,
                  const std::string& time_column, const std::optional<std::string>& order,
                  int64_t memory, Progress::Function progress) {
  Progress reported(std::move(progress));
  WriteOptions options;
  options.path_column = path_column;
  if (layout) options.layout = ValueOrRaise(ParseLayout(*layout));
  if (compression) options.codec = ValueOrRaise(ParseCodec(*compression));
  options.compression_level = level;
  options.rows_per_page = rows_per_page;
  options.rows_per_group = rows_per_group;
  options.has_index = has_index;
  options.time_column = time_column;
  if (order) options.order = ValueOrRaise(ParseOrder(*order));
  options.unicode_test = IsPythonIdentifier;
  options.memory = memory;
  options.progress = reported.Callback();
  const std::string from = FileName(input), to = FileName(output);
  return SummaryDict(reported.Run([&] { return OptimizeFile(from, to, options); }));
}

/// Checks the rows of a stream and keeps them for the writer: as they are if `is_held`, that is, if
/// the caller has them in memory anyway; else outside of memory where they do not fit.
class CheckedStream {
 public:
  CheckedStream(std::string file, const WriteOptions& options, bool is_held)
      : file_(std::move(file)), options_(options), is_held_(is_held) {}

  arrow::Result<std::unique_ptr<RowSource>> Read(
      ArrowArrayStream* stream, const TableCheck& check,
      const std::map<std::string, std::string>& metadata) {
    ARROW_ASSIGN_OR_RAISE(const auto reader, arrow::ImportRecordBatchReader(stream));
    ARROW_ASSIGN_OR_RAISE(checker_, TableChecker::Make(*reader->schema(), check));
    const auto old = checker_->schema()->metadata();
    const auto merged = old ? old->Copy() : arrow::key_value_metadata({}, {});
    if (merged->Contains(kSchemaKey)) ARROW_RETURN_NOT_OK(merged->Delete(kSchemaKey));
    for (const auto& [key, value] : metadata) ARROW_RETURN_NOT_OK(merged->Set(key, value));
    ARROW_RETURN_NOT_OK(is_held_ && !checker_->converts() ? Keep(*reader, merged)
                                                          : Spool(*reader, merged));
    ARROW_RETURN_NOT_OK(checker_->Finish([&](int64_t row) { return PathOf(row, check); }));
    schema_json_ = checker_->schema_json();
    checker_.reset();  // some 27 bytes a row, which the writer needs now
    return std::move(rows_);
  }

  const std::string& schema_json() const { return schema_json_; }

 private:
  using Metadata = std::shared_ptr<const arrow::KeyValueMetadata>;

  arrow::Status Keep(arrow::RecordBatchReader& reader, const Metadata& metadata) {
    ARROW_ASSIGN_OR_RAISE(auto table, reader.ToTable());
    ARROW_ASSIGN_OR_RAISE(table, checker_->Add(std::move(table)));
    rows_ = std::make_unique<TableRows>(table->ReplaceSchemaMetadata(metadata));
    return arrow::Status::OK();
  }

  arrow::Status Spool(arrow::RecordBatchReader& reader, const Metadata& metadata) {
    auto spool = std::make_unique<BatchSpool>(file_, options_.memory / 2);
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, reader.Next());
      if (!batch) break;
      if (batch->num_rows() == 0) continue;
      if (options_.progress && spool->size() > 0) options_.progress(0, spool->num_rows());
      ARROW_ASSIGN_OR_RAISE(auto table, arrow::Table::FromRecordBatches(reader.schema(), {batch}));
      ARROW_ASSIGN_OR_RAISE(table, checker_->Add(std::move(table)));
      ARROW_ASSIGN_OR_RAISE(const auto checked, table->CombineChunksToBatch(BlockPool()));
      ARROW_RETURN_NOT_OK(spool->Append(checked));
    }
    rows_ = std::make_unique<SpooledRows>(checker_->schema()->WithMetadata(metadata),
                                          std::move(spool), file_);
    return arrow::Status::OK();
  }

  arrow::Result<std::string> PathOf(int64_t row, const TableCheck& check) const {
    std::string path;
    const int column = rows_->schema()->GetFieldIndex(check.path_column);
    const auto look = [&](const arrow::Table& rows) -> arrow::Status {
      if (row >= 0 && row < rows.num_rows()) {
        ARROW_ASSIGN_OR_RAISE(path, PathAt(*rows.column(0), row));
      }
      row -= rows.num_rows();
      return arrow::Status::OK();
    };
    ARROW_RETURN_NOT_OK(rows_->Visit({column}, look));
    return path;
  }

  const std::string file_;
  const WriteOptions& options_;
  const bool is_held_;
  std::unique_ptr<TableChecker> checker_;
  std::string schema_json_;
  std::unique_ptr<RowSource> rows_;
};

arrow::Result<WriteSummary> CheckAndWrite(ArrowArrayStream* stream, const std::string& file,
                                          const TableCheck& check, WriteOptions options,
                                          const std::map<std::string, std::string>& metadata,
                                          bool is_held) {
  CheckedStream checked(file, options, is_held);
  ARROW_ASSIGN_OR_RAISE(
      const auto rows,
      WithFileName(Guarded([&] { return checked.Read(stream, check, metadata); }), file));
  options.schema_json = checked.schema_json();
  return WriteRows(*rows, file, options);
}

nb::dict Write(nb::capsule stream, const nb::object& file, const std::string& path_column,
               const std::optional<std::string>& layout,
               const std::optional<std::string>& compression, std::optional<int> level,
               std::optional<int64_t> rows_per_page, std::optional<int64_t> rows_per_group,
               const std::string& time_column, const std::optional<std::string>& order,
               const std::map<std::string, std::string>& types, const std::string& schema_json,
               const std::map<std::string, std::string>& metadata, bool is_strict, int64_t memory,
               bool is_held, Progress::Function progress) {
  Progress reported(std::move(progress));
  WriteOptions options;
  options.path_column = path_column;
  if (layout) options.layout = ValueOrRaise(ParseLayout(*layout));
  if (compression) options.codec = ValueOrRaise(ParseCodec(*compression));
  options.compression_level = level;
  options.rows_per_page = rows_per_page;
  if (rows_per_group) options.rows_per_group = *rows_per_group;
  options.unicode_test = IsPythonIdentifier;
  options.memory = memory;
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
  return SummaryDict(reported.Run(
      [&] { return CheckAndWrite(c_stream, target, check, options, metadata, is_held); }));
}

}  // namespace

void AddWriting(nb::module_& m) {
  m.def(
      "optimize", &Optimize, nb::arg("input"), nb::arg("output"), nb::arg("path_column") = "",
      nb::arg("layout") = nb::none(), nb::arg("compression") = nb::none(),
      nb::arg("level") = nb::none(), nb::arg("rows_per_page") = nb::none(),
      nb::arg("rows_per_group") = WriteOptions().rows_per_group, nb::arg("has_index") = true,
      nb::arg("time_column") = "", nb::arg("order") = nb::none(),
      nb::arg("memory") = WriteOptions::kDefaultMemory, nb::arg("progress") = nb::none(),
      "Writes the Parquet file, or the dataset, `input` to the file `output` with its rows in "
      "namespace order, small "
      "pages, page index, checksums and the embedded path index. `progress(done, all)` is called "
      "with numbers of rows. `time_column` names the times of a long table, whose rows go by "
      "`order`, 'path' or 'time'. `layout` is 'size', 'access' or None; `compression` is a codec "
      "for all columns. Rows are put in order with `memory` bytes, the rest outside of "
      "memory. Returns rows, bytes, index_bytes, was_reordered, "
      "invalid_paths, duplicate_paths, timed_cells, order (None unless the table is long). Raises "
      "ValueError for what is wrong with the request, OSError for what is wrong with a file; the "
      "output is then as it was.");
  m.def("write_table", &Write, nb::arg("stream"), nb::arg("file"), nb::kw_only(),
        nb::arg("path_column") = "path", nb::arg("layout") = nb::none(),
        nb::arg("compression") = nb::none(), nb::arg("level") = nb::none(),
        nb::arg("rows_per_page") = nb::none(), nb::arg("rows_per_group") = nb::none(),
        nb::arg("time_column") = "", nb::arg("order") = nb::none(),
        nb::arg("types") = std::map<std::string, std::string>(), nb::arg("schema_json") = "",
        nb::arg("metadata") = std::map<std::string, std::string>(), nb::arg("is_strict") = true,
        nb::arg("memory") = WriteOptions::kDefaultMemory, nb::arg("is_held") = false,
        nb::arg("progress") = nb::none(),
        "Checks the table of an `arrow_array_stream` capsule and writes it to `file` as `optimize` "
        "does. `is_held` says that its rows are in memory anyway. Raises ValueError for what is "
        "wrong with the table, OSError for what the system "
        "refused; the file is then as it was.");
}

}  // namespace usdparquet::bindings
