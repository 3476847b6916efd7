#include "core/write/table_writer.h"

#include <arrow/array/concatenate.h>
#include <arrow/buffer.h>
#include <arrow/chunked_array.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/index/row_ordering.h"
#include "core/schema/schema_entry.h"
#include "core/schema/timed_cells.h"
#include "core/schema/without_views.h"
#include "core/sections/residual_blob.h"
#include "core/table/part_files.h"
#include "core/util/block_memory.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"
#include "core/write/column_layouts.h"
#include "core/write/dictionary_pool.h"
#include "core/write/row_source.h"
#include "core/write/sorted_rows.h"
#include "core/write/table_file_writer.h"

namespace usdparquet {
namespace {

/// The rate with which timestamps become time codes.
double CodesPerSecond(const SchemaEntry& entry) {
  return TimeCodesPerSecondOf(entry).value_or(TimeScale().codes_per_second);
}

/// Writes the rows of a source: first finds where they go, from their paths and times, and then
/// reads them once more.
class RowWriter {
 public:
  RowWriter(const RowSource& rows, std::string path, WriteOptions options)
      : rows_(rows), path_(std::move(path)), options_(std::move(options)) {}

  arrow::Result<WriteSummary> Write(std::string residual) {
    ending_.residual = std::move(residual);
    ARROW_RETURN_NOT_OK(WithFileName(ReadSchema(), path_));
    if (options_.rows_per_group < 1) {  // which it refuses
      return TableFileWriter::Open(path_, *none_, options_).status();
    }
    ARROW_RETURN_NOT_OK(FindPlaces());
    if (sorted_) {
      ARROW_RETURN_NOT_OK(rows_.VisitAll([&](const arrow::Table& rows) { return Sort(rows); }));
      ARROW_RETURN_NOT_OK(WithFileName(sorted_->Finish(), path_));
      ARROW_RETURN_NOT_OK(OpenWriter(true));
      for (int64_t group = 0; group < sorted_->num_groups(); ++group) {
        ARROW_ASSIGN_OR_RAISE(const auto rows, WithFileName(sorted_->Group(group), path_));
        ARROW_RETURN_NOT_OK(WriteGroup(*rows));
      }
      sorted_.reset();
    } else {
      ARROW_RETURN_NOT_OK(rows_.VisitAll([&](const arrow::Table& rows) { return Pass(rows); }));
      ARROW_RETURN_NOT_OK(OpenWriter(true));
      ARROW_RETURN_NOT_OK(WritePending(true));
    }
    ARROW_ASSIGN_OR_RAISE(WriteSummary summary, writer_->Finish(ending_));
    summary.was_reordered = is_reordered_;
    summary.order = row_order_;
    summary.num_timed_cells = num_timed_cells_;
    return summary;
  }

 private:
  /// Finds the columns, and what the table says of them.
  arrow::Status ReadSchema() {
    const std::shared_ptr<arrow::Schema>& given = rows_.schema();
    ending_.schema_json = options_.schema_json;
    if (ending_.schema_json.empty() && given->metadata()) {
      ending_.schema_json = given->metadata()->Get(kSchemaKey).ValueOr("");
    }
    if (!ending_.schema_json.empty()) {
      ARROW_ASSIGN_OR_RAISE(entry_, ParseSchemaEntry(ending_.schema_json));
    }
    const std::string said = entry_.path_column.empty() ? "path" : entry_.path_column;
    if (options_.path_column.empty()) options_.path_column = said;
    ARROW_ASSIGN_OR_RAISE(none_, arrow::Table::MakeEmpty(given));
    ARROW_ASSIGN_OR_RAISE(none_, WithoutViewsAndDictionary(none_, options_.path_column));
    const arrow::Schema& schema = *none_->schema();
    // The time of a file may lie in a struct, which the writer does not look into.
    if (options_.time_column.empty() && schema.GetFieldIndex(entry_.time_column) >= 0) {
      options_.time_column = entry_.time_column;
    }
    const bool has_new_time =
        !options_.time_column.empty() && options_.time_column != entry_.time_column;
    if (has_new_time) entry_.time_column = options_.time_column;
    const bool has_new_path = options_.path_column != said;
    if (has_new_path) entry_.path_column = options_.path_column;
    if (has_new_time || has_new_path) ending_.schema_json = SerializeSchemaEntry(entry_);
    path_field_ = schema.GetFieldIndex(options_.path_column);
    if (path_field_ < 0) {
      return arrow::Status::Invalid("the table has no column '", options_.path_column,
                                    "' with the prim paths");
    }
    if (options_.time_column.empty()) return arrow::Status::OK();
    time_field_ = schema.GetFieldIndex(options_.time_column);
    if (time_field_ >= 0) return arrow::Status::OK();
    return arrow::Status::Invalid("the table has no column '", options_.time_column,
                                  "' with the times");
  }

  /// Reads paths and times. Rows that are in order already need no sorting.
  arrow::Status FindPlaces() {
    RowOrdering ordering(options_.unicode_test);
    ordering.Reserve(rows_.num_rows());
    std::vector<int> columns{path_field_};
    if (time_field_ >= 0) columns.push_back(time_field_);
    std::sort(columns.begin(), columns.end());
    const auto add = [&](const arrow::Table& rows) -> arrow::Status {
      num_found_ = ordering.num_rows();
      comes_in_portions_ = num_found_ > 0;
      if (comes_in_portions_) Report();
      const auto times = time_field_ < 0 ? nullptr : rows.GetColumnByName(options_.time_column);
      return ordering.Add(*rows.GetColumnByName(options_.path_column), options_.path_column,
                          times.get(), options_.time_column);
    };
    ARROW_RETURN_NOT_OK(rows_.Visit(
        columns, [&](const arrow::Table& rows) { return WithFileName(add(rows), path_); }));
    num_found_ = ordering.num_rows();
    std::vector<uint32_t> places;
    if (time_field_ < 0) {
      places = ordering.TakePlaces();
    } else {
      const RowOrder natural = ordering.is_in_order_of_time() ? RowOrder::kTime : RowOrder::kPath;
      row_order_ = options_.order.value_or(natural);
      places = ordering.TakePlaces(*row_order_, CodesPerSecond(entry_));
    }
    is_reordered_ = !std::is_sorted(places.begin(), places.end());
    if (is_reordered_) {
      sorted_.emplace(std::move(places), options_.rows_per_group, options_.memory / kRunShare,
                      rows_.is_held(), path_);
    }
    return arrow::Status::OK();
  }

  /// Makes the next rows such as they are written, and looks at them in their given order.
  arrow::Result<std::shared_ptr<arrow::Table>> Prepare(const arrow::Table& given) {
    ARROW_ASSIGN_OR_RAISE(const auto rows,
                          WithoutViewsAndDictionary(given.Slice(0), options_.path_column));
    ARROW_ASSIGN_OR_RAISE(const auto timed, FindTimedCells(*rows, options_.path_column,
                                                           options_.time_column, entry_));
    for (const TimedCells& cells : timed) num_timed_cells_ += cells.count;
    return rows;
  }

  arrow::Status Sort(const arrow::Table& given) {
    const auto sort = [&]() -> arrow::Status {
      if (sorted_->num_rows_added() > 0) Report();
      ARROW_ASSIGN_OR_RAISE(const auto rows, Prepare(given));
      if (!writer_) ARROW_RETURN_NOT_OK(AddPending(rows));
      return sorted_->Add(*rows);
    };
    ARROW_RETURN_NOT_OK(WithFileName(sort(), path_));
    return OpenWriter(false);
  }

  arrow::Status Pass(const arrow::Table& given) {
    const auto pass = [&]() -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(const auto rows, Prepare(given));
      return AddPending(rows);
    };
    ARROW_RETURN_NOT_OK(WithFileName(pass(), path_));
    ARROW_RETURN_NOT_OK(OpenWriter(false));
    return WritePending(false);
  }

  arrow::Status AddPending(const std::shared_ptr<arrow::Table>& rows) {
    if (!pending_) {
      pending_ = rows;
      return arrow::Status::OK();
    }
    return arrow::ConcatenateTables({pending_, rows}).Value(&pending_);
  }

  /// Begins the file once there are the rows by which its encodings are chosen.
  arrow::Status OpenWriter(bool is_end) {
    if (writer_) return arrow::Status::OK();
    if (!pending_) pending_ = none_;
    if (!is_end && pending_->num_rows() < kLayoutSample) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(writer_, TableFileWriter::Open(path_, *pending_, options_));
    if (sorted_) pending_.reset();
    return arrow::Status::OK();
  }

  /// Writes the full row groups of what is pending, and the rest too if it `is_end`.
  arrow::Status WritePending(bool is_end) {
    if (!writer_) return arrow::Status::OK();
    int64_t at = 0;
    while (pending_->num_rows() - at >= options_.rows_per_group ||
           (is_end && at < pending_->num_rows())) {
      auto rows = pending_->Slice(at, options_.rows_per_group);
      at += rows->num_rows();
      if (rows_.is_cut_anywhere()) {
        ARROW_ASSIGN_OR_RAISE(rows, WithFileName(InOnePiece(std::move(rows)), path_));
      }
      ARROW_RETURN_NOT_OK(WriteGroup(*rows));
    }
    pending_ = pending_->Slice(at);
    return arrow::Status::OK();
  }

  /// Joins the arrays of each column, as if they had been read at once: pages may end where arrays
  /// do. Dictionaries are those of the file's chunks.
  static arrow::Result<std::shared_ptr<arrow::Table>> InOnePiece(
      std::shared_ptr<arrow::Table> rows) {
    for (int i = 0; i < rows->num_columns(); ++i) {
      const auto& column = rows->column(i);
      const auto one = arrow::schema({rows->field(i)});
      if (column->num_chunks() <= 1 || DictionaryPool::IsNeeded(*one)) continue;
      ARROW_ASSIGN_OR_RAISE(auto joined, arrow::Concatenate(column->chunks(), BlockPool()));
      ARROW_ASSIGN_OR_RAISE(
          rows, rows->SetColumn(i, rows->field(i),
                                std::make_shared<arrow::ChunkedArray>(std::move(joined))));
    }
    return rows;
  }

  arrow::Status WriteGroup(const arrow::Table& rows) {
    ARROW_RETURN_NOT_OK(writer_->WriteGroup(rows));
    num_written_ += rows.num_rows();
    Report();
    return arrow::Status::OK();
  }

  /// Tells how much is done. Of rows that come in portions, finding their places is a quarter of
  /// the work, and putting them in order another one.
  void Report() const {
    if (!options_.progress) return;
    int64_t done = num_written_;
    if (comes_in_portions_) {
      done =
          num_found_ + (sorted_ ? sorted_->num_rows_added() + 2 * num_written_ : 3 * num_written_);
      done /= 4;
    }
    options_.progress(done, rows_.num_rows());
  }

  const RowSource& rows_;
  const std::string path_;
  WriteOptions options_;
  SchemaEntry entry_;
  TableFileWriter::Ending ending_;
  std::shared_ptr<arrow::Table> none_;  // the table without its rows
  int path_field_ = -1;
  int time_field_ = -1;
  std::optional<RowOrder> row_order_;  // of long tables
  bool is_reordered_ = false;
  std::optional<SortedRows> sorted_;  // where rows are put in order
  std::unique_ptr<TableFileWriter> writer_;
  std::shared_ptr<arrow::Table> pending_;  // not yet written; or, while sorting, the first ones
  int64_t num_timed_cells_ = 0;
  bool comes_in_portions_ = false;
  int64_t num_found_ = 0;  // rows whose paths were read
  int64_t num_written_ = 0;
};

/// The bytes of a file's residual.
arrow::Result<std::string> ReadResidual(arrow::io::RandomAccessFile& file,
                                        const parquet::FileMetaData& metadata) {
  ARROW_ASSIGN_OR_RAISE(const auto blob, FindResidual(file, metadata));
  if (!blob) return std::string();
  ARROW_ASSIGN_OR_RAISE(const auto bytes, file.ReadAt(blob->offset, blob->length));
  return bytes->ToString();
}

/// Fails if folders name the columns that the rows are put in order by.
arrow::Status CheckPartitions(const PartFiles& parts, const WriteOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto named, parts.FindNamedColumns());
  if (!options.path_column.empty()) named.path = options.path_column;
  if (!options.time_column.empty()) named.time = options.time_column;
  return parts.CheckPartitions(named.path.empty() ? "path" : named.path, named.time);
}

}  // namespace

arrow::Result<WriteSummary> WriteRows(const RowSource& rows, const std::string& path,
                                      const WriteOptions& options) {
  return Guarded([&] { return RowWriter(rows, path, options).Write({}); });
}

arrow::Result<WriteSummary> WriteTable(const arrow::Table& table, const std::string& path,
                                       const WriteOptions& options) {
  return WriteRows(TableRows(table.Slice(0)), path, options);
}

arrow::Result<WriteSummary> OptimizeFile(const std::string& input, const std::string& output,
                                         const WriteOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto rows, FileRows::Open(input, options.memory / kRunShare / 2));
  WriteOptions with = options;
  std::string residual;
  if (const PartFiles* const parts = rows->file().parts()) {  // none of which has a residual
    const PartList& list = parts->list();
    if (with.path_column.empty()) with.path_column = list.path_column;
    if (with.time_column.empty()) with.time_column = list.time_column;
    ARROW_RETURN_NOT_OK(WithFileName(CheckPartitions(*parts, with), input));
  } else {
    ARROW_ASSIGN_OR_RAISE(residual, WithFileName(Guarded([&] {
                                                   return ReadResidual(*rows->file().file(),
                                                                       *rows->file().metadata());
                                                 }),
                                                 input));
  }
  return Guarded(
      [&] { return RowWriter(*rows, output, std::move(with)).Write(std::move(residual)); });
}

}  // namespace usdparquet
