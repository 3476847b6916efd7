#include "core/write/table_writer.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>

#include "core/index/arrow_columns.h"
#include "core/schema/schema_entry.h"
#include "core/schema/text_check.h"
#include "core/schema/timed_cells.h"
#include "core/schema/without_views.h"
#include "core/sections/residual_blob.h"
#include "core/table/bulk_reader.h"
#include "core/table/table_file.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"
#include "core/util/open_file.h"
#include "core/write/table_file_writer.h"

namespace usdparquet {
namespace {

/// Rows [begin, begin + count) of `order`, gathered from `table`; a slice where nothing moves.
arrow::Result<std::shared_ptr<arrow::Table>> Gather(const arrow::Table& table,
                                                    const std::vector<uint32_t>& order,
                                                    bool is_reordered, int64_t begin,
                                                    int64_t count) {
  if (!is_reordered) return table.Slice(begin, count);
  const arrow::UInt32Array indices(
      count, arrow::Buffer::Wrap(order.data() + begin, static_cast<size_t>(count)));
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum taken,
                        arrow::compute::Take(arrow::Datum(table), arrow::Datum(indices.data())));
  return taken.table();
}

template <typename T>
std::vector<T> Permuted(const std::vector<T>& values, const std::vector<uint32_t>& order) {
  std::vector<T> permuted;
  permuted.reserve(order.size());
  for (const uint32_t i : order) permuted.push_back(values[i]);
  return permuted;
}

/// A table whose rows are indexed, and the order that they are written in.
struct PreparedRows {
  std::vector<std::string_view> paths;
  std::optional<RowTimes> times;  // of long tables
  TableIndex index;
  std::vector<uint32_t> order;
  std::optional<RowOrder> row_order;  // of long tables
  bool is_reordered = false;
};

/// The rate with which timestamps become time codes.
double CodesPerSecond(const SchemaEntry& entry) {
  return TimeCodesPerSecondOf(entry).value_or(TimeScale().codes_per_second);
}

arrow::Result<PreparedRows> Prepare(const arrow::Table& table, const SchemaEntry& entry,
                                    const WriteOptions& options) {
  const int path_field = table.schema()->GetFieldIndex(options.path_column);
  if (path_field < 0) {
    return arrow::Status::Invalid("the table has no column '", options.path_column,
                                  "' with the prim paths");
  }
  auto paths = StringViews(*table.column(path_field));
  if (!paths.ok()) {
    return arrow::Status::Invalid("the path column '", options.path_column, "' ",
                                  paths.status().message());
  }
  PreparedRows rows;
  rows.paths = std::move(*paths);
  if (options.time_column.empty()) {
    ARROW_ASSIGN_OR_RAISE(rows.index, IndexRows(rows.paths, nullptr, options.unicode_test));
    rows.order = NamespaceOrder(rows.paths, rows.index);
  } else {
    const int time_field = table.schema()->GetFieldIndex(options.time_column);
    if (time_field < 0) {
      return arrow::Status::Invalid("the table has no column '", options.time_column,
                                    "' with the times");
    }
    ARROW_ASSIGN_OR_RAISE(rows.times, ReadRowTimes(*table.column(time_field), options.time_column));
    ARROW_ASSIGN_OR_RAISE(rows.index, IndexRows(rows.paths, &*rows.times, options.unicode_test,
                                                CodesPerSecond(entry)));
    const RowOrder natural = IsInOrderOfTime(*rows.times) ? RowOrder::kTime : RowOrder::kPath;
    rows.row_order = options.order.value_or(natural);
    rows.order = LongTableOrder(rows.paths, *rows.times, rows.index, *rows.row_order);
  }
  rows.is_reordered = !std::is_sorted(rows.order.begin(), rows.order.end());
  return rows;
}

arrow::Result<WriteSummary> Write(const arrow::Table& given, const std::string& path,
                                  WriteOptions options, std::string residual) {
  auto plain = WithoutViewsAndDictionary(given.Slice(0), options.path_column);
  if (!plain.ok()) return WithFileName(plain.status(), path);
  const arrow::Table& table = **plain;
  TableFileWriter::Ending ending;
  ending.schema_json = options.schema_json;
  if (ending.schema_json.empty() && table.schema()->metadata()) {
    ending.schema_json = table.schema()->metadata()->Get(kSchemaKey).ValueOr("");
  }
  ending.residual = std::move(residual);
  SchemaEntry entry;
  if (!ending.schema_json.empty()) {
    auto parsed = ParseSchemaEntry(ending.schema_json);
    if (!parsed.ok()) return WithFileName(parsed.status(), path);
    entry = std::move(*parsed);
  }
  // The time of a file may lie in a struct, which the writer does not look into.
  if (options.time_column.empty() && table.schema()->GetFieldIndex(entry.time_column) >= 0) {
    options.time_column = entry.time_column;
  }
  if (!options.time_column.empty() && options.time_column != entry.time_column) {
    entry.time_column = options.time_column;
    ending.schema_json = SerializeSchemaEntry(entry);
  }

  auto prepared = Prepare(table, entry, options);
  if (!prepared.ok()) return WithFileName(prepared.status(), path);
  PreparedRows& rows = *prepared;
  ARROW_ASSIGN_OR_RAISE(const auto timed_cells,
                        FindTimedCells(table, options.path_column, options.time_column, entry));
  ARROW_ASSIGN_OR_RAISE(const auto writer, TableFileWriter::Open(path, table, options));
  for (int64_t begin = 0; begin < table.num_rows(); begin += options.rows_per_group) {
    const int64_t count = std::min(options.rows_per_group, table.num_rows() - begin);
    ARROW_ASSIGN_OR_RAISE(const auto group,
                          Gather(table, rows.order, rows.is_reordered, begin, count));
    ARROW_RETURN_NOT_OK(writer->WriteGroup(*group));
    if (options.progress) options.progress(begin + count, table.num_rows());
  }
  // The index at hand has the row numbers of the table as it was given.
  if (rows.times && rows.is_reordered && options.has_index) {
    rows.paths = Permuted(rows.paths, rows.order);
    rows.times->times = Permuted(rows.times->times, rows.order);
    ARROW_ASSIGN_OR_RAISE(rows.index, IndexRows(rows.paths, &*rows.times, options.unicode_test,
                                                CodesPerSecond(entry)));
  }
  if (rows.times || !rows.is_reordered) ending.index = &rows.index;
  ARROW_ASSIGN_OR_RAISE(WriteSummary summary, writer->Finish(ending));
  summary.was_reordered = rows.is_reordered;
  summary.order = rows.row_order;
  for (const TimedCells& cells : timed_cells) summary.num_timed_cells += cells.count;
  summary.num_invalid = rows.index.path_report.num_invalid;
  summary.num_duplicates =
      rows.times ? rows.index.time_report.num_duplicates : rows.index.path_report.num_duplicates;
  return summary;
}

/// The bytes of a file's residual.
arrow::Result<std::string> ReadResidual(arrow::io::RandomAccessFile& file,
                                        const parquet::FileMetaData& metadata) {
  ARROW_ASSIGN_OR_RAISE(const auto blob, FindResidual(file, metadata));
  if (!blob) return std::string();
  ARROW_ASSIGN_OR_RAISE(const auto bytes, file.ReadAt(blob->offset, blob->length));
  return bytes->ToString();
}

}  // namespace

arrow::Result<WriteSummary> WriteTable(const arrow::Table& table, const std::string& path,
                                       const WriteOptions& options) {
  return Guarded([&] { return Write(table, path, options, {}); });
}

arrow::Result<WriteSummary> OptimizeFile(const std::string& input, const std::string& output,
                                         const WriteOptions& options) {
  std::shared_ptr<arrow::Table> table;
  std::string residual;
  const auto read = [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(auto opened, OpenFile(input));
    ARROW_ASSIGN_OR_RAISE(const TableFile file, TableFile::Open(std::move(opened)));
    ARROW_ASSIGN_OR_RAISE(residual, ReadResidual(*file.file(), *file.metadata()));
    ARROW_ASSIGN_OR_RAISE(const auto reader, BulkReader::Open(file));
    ARROW_ASSIGN_OR_RAISE(table, reader->ReadAll());
    ARROW_RETURN_NOT_OK(CheckNamesAreText(*table->schema()));
    ARROW_RETURN_NOT_OK(SchemaEntryOf(table->schema()->metadata()).status());
    for (int i = 0; i < table->num_columns(); ++i) {
      if (const auto row = FindBadText(*table->column(i))) {
        return BadTextError(table->field(i)->name(), *row, kRecoverText);
      }
    }
    return arrow::Status::OK();
  };
  const arrow::Status status = Guarded(read);
  if (!status.ok()) return WithFileName(status, input);
  return Guarded([&] { return Write(*table, output, options, std::move(residual)); });
}

}  // namespace usdparquet
