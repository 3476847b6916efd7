#include "core/table/read_columns.h"

#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "core/pages/page_gather.h"
#include "core/schema/text_check.h"
#include "core/schema/without_views.h"
#include "core/table/answer_columns.h"
#include "core/table/bulk_reader.h"
#include "core/table/table.h"
#include "core/table/wanted_rows.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"

namespace usdparquet {
namespace {

/// Reads columns of an open table: some through the table's pages, others through Arrow.
class Reader {
 public:
  Reader(std::shared_ptr<Table> table, const ReadRequest& request)
      : table_(std::move(table)), request_(request) {}

  arrow::Status Open() {
    ARROW_ASSIGN_OR_RAISE(bulk_, BulkReader::Open(table_->table_file()));
    ARROW_ASSIGN_OR_RAISE(columns_,
                          FindAnswerColumns(table_->schema(), bulk_->manifest(), request_.columns));
    return arrow::Status::OK();
  }

  arrow::Result<ReadAnswer> Read() {
    if (request_.paths || request_.under) return table_->Ask([this] { return ReadWanted(); });
    ReadAnswer answer;
    ARROW_ASSIGN_OR_RAISE(answer.table, ReadAll());
    return answer;
  }

 private:
  arrow::Result<ReadAnswer> ReadWanted() const {
    ReadAnswer answer;
    WantedRows wanted;
    if (request_.under) {
      ARROW_ASSIGN_OR_RAISE(wanted, FindRowsBelow(*table_, *request_.under));
    } else {
      wanted = FindRows(*table_, *request_.paths);
    }
    const std::vector<uint32_t> rows = wanted.Distinct();
    ARROW_ASSIGN_OR_RAISE(auto cells, ReadCells(rows));
    if (request_.paths) {
      ARROW_ASSIGN_OR_RAISE(const bool has_other,
                            DropOtherPaths(*cells[0], rows, *request_.paths, &wanted));
      if (has_other) table_->paths().Reject("it finds the row of another path");
      NoteMissing(wanted, &answer);
    }
    ARROW_ASSIGN_OR_RAISE(answer.table, Arrange(std::move(cells), rows, wanted));
    return answer;
  }

  void NoteMissing(const WantedRows& wanted, ReadAnswer* answer) const {
    constexpr size_t kMaxShown = 5;
    for (size_t i = 0; i < wanted.rows.size(); ++i) {
      if (wanted.rows[i] != PrimId::kNone) continue;
      if (answer->missing.size() < kMaxShown) {
        answer->missing.push_back((*request_.paths)[wanted.paths[i]]);
      }
      ++answer->num_missing;
    }
  }

  arrow::Result<std::shared_ptr<arrow::Table>> ReadAll() const {
    std::vector<const AnswerColumn*> all;
    for (const AnswerColumn& column : columns_) all.push_back(&column);
    const std::vector<int> leaves = bulk_->ReadWith(LeavesOf(all));
    ARROW_ASSIGN_OR_RAISE(auto read, bulk_->ReadAll(leaves));
    ARROW_ASSIGN_OR_RAISE(read, WithoutViews(std::move(read)));
    ReadPlaces places(bulk_->manifest(), leaves);
    arrow::ChunkedArrayVector cells;
    for (const AnswerColumn& column : columns_) {
      ARROW_ASSIGN_OR_RAISE(auto part, places.CellsOf(*read, column));
      if (const auto row = FindBadText(*part)) return BadTextError(column.name, *row, kRecoverText);
      cells.push_back(std::move(part));
    }
    return MakeTable(std::move(cells));
  }

  /// The cells of all columns at `rows`, ascending.
  arrow::Result<arrow::ChunkedArrayVector> ReadCells(const std::vector<uint32_t>& rows) const {
    // Where most pages are wanted anyway, Arrow reads columns in parallel.
    const bool is_sparse = !table_->table_file().parts() && rows.size() < table_->num_rows() / 4;
    arrow::ChunkedArrayVector cells(columns_.size());
    std::vector<const AnswerColumn*> others;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const AnswerColumn& column = columns_[i];
      if (is_sparse && column.info && CanGather(*column.info, table_->metadata(), *column.type)) {
        ARROW_ASSIGN_OR_RAISE(auto gathered,
                              GatherCells(table_->Pages(), *column.info, column.type, rows));
        if (gathered) cells[i] = std::make_shared<arrow::ChunkedArray>(std::move(gathered));
      }
      if (!cells[i]) others.push_back(&column);
    }
    ARROW_RETURN_NOT_OK(ReadGroups(others, rows, &cells));
    for (size_t i = 0; i < columns_.size(); ++i) {
      const auto bad = FindBadText(*cells[i]);
      if (!bad) continue;
      return BadTextError(columns_[i].name, rows[static_cast<size_t>(*bad)], kRecoverText);
    }
    return cells;
  }

  /// Reads columns by whole row groups, one group at a time.
  arrow::Status ReadGroups(const std::vector<const AnswerColumn*>& columns,
                           const std::vector<uint32_t>& rows,
                           arrow::ChunkedArrayVector* cells) const {
    if (columns.empty()) return arrow::Status::OK();
    const std::vector<int> leaves = bulk_->ReadWith(LeavesOf(columns));
    ReadPlaces places(bulk_->manifest(), leaves);
    const std::vector<uint32_t>& first_rows = table_->table_file().group_first_rows();
    std::vector<arrow::ArrayVector> parts(columns.size());
    for (size_t group = 0; group + 1 < first_rows.size(); ++group) {
      const uint32_t first_row = first_rows[group];
      const auto begin = std::lower_bound(rows.begin(), rows.end(), first_row);
      const auto end = std::lower_bound(begin, rows.end(), first_rows[group + 1]);
      if (begin == end) continue;
      arrow::UInt32Builder local;
      for (auto it = begin; it != end; ++it) ARROW_RETURN_NOT_OK(local.Append(*it - first_row));
      ARROW_ASSIGN_OR_RAISE(const auto indices, local.Finish());
      ARROW_ASSIGN_OR_RAISE(auto read, bulk_->ReadGroup(static_cast<int>(group), leaves));
      ARROW_ASSIGN_OR_RAISE(read, WithoutViews(std::move(read)));
      for (size_t i = 0; i < columns.size(); ++i) {
        ARROW_ASSIGN_OR_RAISE(const auto part, places.CellsOf(*read, *columns[i]));
        ARROW_ASSIGN_OR_RAISE(const auto taken, arrow::compute::Take(part, indices));
        for (const auto& chunk : taken.chunked_array()->chunks()) parts[i].push_back(chunk);
      }
    }
    for (size_t i = 0; i < columns.size(); ++i) {
      (*cells)[columns[i] - columns_.data()] =
          std::make_shared<arrow::ChunkedArray>(std::move(parts[i]), columns[i]->type);
    }
    return arrow::Status::OK();
  }

  /// Puts cells read at `rows` into the order of `wanted`.
  arrow::Result<std::shared_ptr<arrow::Table>> Arrange(arrow::ChunkedArrayVector cells,
                                                       const std::vector<uint32_t>& rows,
                                                       const WantedRows& wanted) const {
    if (rows != wanted.rows) {
      arrow::Int64Builder order;
      for (const uint32_t row : wanted.rows) {
        const auto at = std::lower_bound(rows.begin(), rows.end(), row);
        ARROW_RETURN_NOT_OK(row == PrimId::kNone ? order.AppendNull()
                                                 : order.Append(at - rows.begin()));
      }
      ARROW_ASSIGN_OR_RAISE(const auto indices, order.Finish());
      for (auto& column : cells) {
        ARROW_ASSIGN_OR_RAISE(const auto taken, arrow::compute::Take(column, indices));
        column = taken.chunked_array();
      }
    }
    if (request_.paths) {  // prims without a row have a path too
      arrow::StringBuilder paths;
      for (const uint32_t number : wanted.paths) {
        ARROW_RETURN_NOT_OK(paths.Append((*request_.paths)[number]));
      }
      ARROW_ASSIGN_OR_RAISE(const auto array, paths.Finish());
      cells[0] = std::make_shared<arrow::ChunkedArray>(array);
    }
    return MakeTable(std::move(cells));
  }

  std::shared_ptr<arrow::Table> MakeTable(arrow::ChunkedArrayVector cells) const {
    arrow::FieldVector fields;
    for (size_t i = 0; i < columns_.size(); ++i) {
      fields.push_back(arrow::field(columns_[i].name, cells[i]->type()));
    }
    return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(cells));
  }

  const std::shared_ptr<Table> table_;
  const ReadRequest& request_;
  std::unique_ptr<BulkReader> bulk_;
  std::vector<AnswerColumn> columns_;
};

/// What a table reported while it was read.
struct Told {
  std::mutex mutex;
  std::vector<std::string> errors, warnings;
};

}  // namespace

arrow::Result<ReadAnswer> ReadColumns(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                      const std::string& name, const ReadRequest& request) {
  const auto open = [&](TableOptions options) {
    return Table::Open(std::move(file), name, std::move(options));
  };
  return ReadColumns(TableOpener(open), name, request);
}

arrow::Result<ReadAnswer> ReadColumns(const TableOpener& open, const std::string& name,
                                      const ReadRequest& request) {
  TableOptions options;
  options.path_column = request.path_column;
  options.has_paths = request.has_paths;
  options.time_column = request.time_column;
  options.unicode_test = request.unicode_test;
  options.use = WantedAs::kCells;
  Told told;
  options.report = [&told](bool is_error, const std::string& message) {
    std::lock_guard lock(told.mutex);
    (is_error ? told.errors : told.warnings).push_back(message);
  };
  ARROW_ASSIGN_OR_RAISE(auto table, open(std::move(options)));
  told.warnings = table->index_warnings();
  auto answer = Guarded([&]() -> arrow::Result<ReadAnswer> {
    const bool has_times = table->schema().time.has_value();
    Reader reader(std::move(table), request);
    ARROW_RETURN_NOT_OK(reader.Open());
    ARROW_ASSIGN_OR_RAISE(ReadAnswer read, reader.Read());
    read.has_times = has_times;
    return read;
  });
  // What is damaged is missing from the answer.
  if (!told.errors.empty()) return arrow::Status::IOError(told.errors.front());
  if (answer.ok()) {
    answer->warnings = std::move(told.warnings);
    return answer;
  }
  return WithFileName(std::move(answer), name);
}

}  // namespace usdparquet
