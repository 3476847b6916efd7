#include "core/recover/recover_file.h"

#include <arrow/array/array_primitive.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/chunked_array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/memory_pool.h>
#include <arrow/table.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/index/arrow_columns.h"
#include "core/index/row_ordering.h"
#include "core/recover/column_parts.h"
#include "core/recover/column_recovery.h"
#include "core/recover/damaged_file.h"
#include "core/recover/group_writer.h"
#include "core/schema/without_views.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"
#include "core/util/message_text.h"
#include "core/util/open_file.h"
#include "core/write/table_file_writer.h"

namespace usdparquet {
namespace {

/// Adds rows to a list, whose last range they may continue.
void AddRange(LostRange range, std::vector<LostRange>* ranges) {
  if (!ranges->empty()) {
    LostRange& last = ranges->back();
    if (last.column == range.column && last.first_row + last.count == range.first_row &&
        last.reason == range.reason) {
      last.count += range.count;
      return;
    }
  }
  ranges->push_back(std::move(range));
}

/// Reads a file, decides what rows are kept, and writes them.
class Recovery {
 public:
  Recovery(DamagedFile file, std::string output, const RecoverOptions& options)
      : file_(std::move(file)), output_(std::move(output)), options_(options) {}

  arrow::Result<RecoveryReport> Run() {
    ARROW_RETURN_NOT_OK(ReadEntries());
    ARROW_RETURN_NOT_OK(ReadKeys());
    ARROW_RETURN_NOT_OK(FindFields());
    ARROW_RETURN_NOT_OK(FindOrder());
    if (is_reordered_) {
      ARROW_RETURN_NOT_OK(WriteInOrder());
    } else {
      ARROW_RETURN_NOT_OK(WriteAsRead());
    }
    SortReport();
    return std::move(report_);
  }

 private:
  int64_t first_row(int group) const { return file_.group_first_rows[static_cast<size_t>(group)]; }
  int64_t group_rows(int group) const {
    return file_.group_first_rows[static_cast<size_t>(group) + 1] - first_row(group);
  }

  /// What stands beside the rows.
  arrow::Status ReadEntries() {
    report_.rows = file_.num_rows();
    report_.columns = static_cast<int>(file_.fields().size());
    report_.footer_problem = file_.footer_problem;
    FoundEntry found =
        FindEntry(*file_.metadata, options_.write.path_column, options_.write.unicode_test);
    report_.schema_problem = found.problem;
    // In a sealed footer they were missing when it was written. Else a column's name, or that in
    // the entry, may be damaged, and the column has lost what the entry says of it.
    if (!file_.is_sealed && report_.footer_problem.empty()) report_.footer_problem = found.missing;
    FoundResidual residual = ReadResidual(file_);
    report_.has_residual = !residual.bytes.empty() || !residual.problem.empty();
    report_.residual_problem = residual.problem;
    ending_.residual = std::move(residual.bytes);
    ending_.schema_json = std::move(found.json);
    entry_ = std::move(found.entry);
    if (!residual.problem.empty() && entry_.is_exact) {  // it is no whole layer any more
      StateNullMeanings(&entry_);
      entry_.is_exact = false;
      ending_.schema_json = SerializeSchemaEntry(entry_);
    }
    write_ = options_.write;
    if (write_.path_column.empty()) write_.path_column = entry_.path_column;
    if (write_.path_column.empty()) write_.path_column = "path";
    path_ = FieldNamed(write_.path_column);
    if (path_ < 0) {
      return arrow::Status::Invalid("the table has no column '", write_.path_column,
                                    "' with the prim paths; name it with --path");
    }
    // The time of a file may lie in a struct, which the writer does not look into.
    time_ = entry_.time_column.empty() ? -1 : FieldNamed(entry_.time_column);
    write_.time_column = time_ < 0 ? "" : entry_.time_column;
    return arrow::Status::OK();
  }

  int FieldNamed(const std::string& name) const {
    const auto& fields = file_.fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].field->name() == name) return static_cast<int>(i);
    }
    return -1;
  }

  /// Reads paths and times, which decide what rows are kept. They are held.
  arrow::Status ReadKeys() {
    for (int group = 0; group < file_.num_groups(); ++group) {
      Progress(0);
      ARROW_ASSIGN_OR_RAISE(auto paths, RecoverColumn(file_, path_, group));
      std::vector<RowRange> sound = SoundRows(paths);
      NoteLostRows(paths, group);
      std::vector<PartCells> times;
      if (time_ >= 0) {
        ARROW_ASSIGN_OR_RAISE(times, RecoverColumn(file_, time_, group));
        NoteLostRows(times, group);
        sound = Intersect(sound, SoundRows(times));
      }
      keys_.push_back({std::move(paths), std::move(times), std::move(sound)});
      for (const auto& [begin, end] : keys_.back().sound) num_sound_ += end - begin;
    }
    if (num_sound_ == 0 && report_.rows > 0 && !options_.keep_pathless) {
      std::string reason = report_.lost_rows.empty() ? "" : report_.lost_rows[0].reason;
      return arrow::Status::IOError("nothing can be recovered: no path of its ", report_.rows,
                                    " rows can be read (", reason, ")");
    }
    return arrow::Status::OK();
  }

  void NoteLostRows(const std::vector<PartCells>& parts, int group) {
    for (const PartCells& part : parts) {
      for (const CellRun& run : part.runs) {
        if (run.cells) continue;
        AddRange({part.name, first_row(group) + run.begin, run.end - run.begin, run.reason},
                 options_.keep_pathless ? &report_.lost_cells : &report_.lost_rows);
      }
    }
  }

  std::vector<RowRange> KeptRows(int group) const {
    if (options_.keep_pathless) return {{0, group_rows(group)}};
    return keys_[static_cast<size_t>(group)].sound;
  }

  /// The columns of the output. One that cannot hold a null, but has to, becomes one that can; to
  /// know it, it is read once more.
  arrow::Status FindFields() {
    for (int column = 0; column < report_.columns; ++column) {
      auto field = file_.fields()[static_cast<size_t>(column)].field;
      bool has_lost = column == path_ && options_.keep_pathless && num_sound_ < report_.rows;
      for (int group = 0; HasRequiredPart(*field) && !has_lost && group < file_.num_groups();
           ++group) {
        Progress(0);
        const std::vector<RowRange> kept = KeptRows(group);
        ARROW_ASSIGN_OR_RAISE(const auto parts, Cells(column, group));
        has_lost = Count(Intersect(SoundRows(parts), kept)) < Count(kept);
      }
      if (has_lost) field = WithNullableParts(field);
      fields_.push_back(WithReadableNames(field));
      if (!fields_.back()->Equals(field) && report_.footer_problem.empty()) {
        report_.footer_problem =
            "the name of column '" + MessageText(field->name()) + "' is no valid UTF-8";
      }
    }
    return arrow::Status::OK();
  }

  static int64_t Count(const std::vector<RowRange>& ranges) {
    int64_t count = 0;
    for (const auto& [begin, end] : ranges) count += end - begin;
    return count;
  }

  arrow::Result<std::vector<PartCells>> Cells(int column, int group) const {
    const Keys& keys = keys_[static_cast<size_t>(group)];
    if (column == path_) return keys.paths;
    if (column == time_) return keys.times;
    return RecoverColumn(file_, column, group);
  }

  /// The kept cells of a column; of the path column, only those of rows that are prims.
  arrow::Result<std::shared_ptr<arrow::ChunkedArray>> KeptCells(
      int column, int group, const std::vector<PartCells>& parts) const {
    const auto& field = *fields_[static_cast<size_t>(column)];
    const std::vector<RowRange> kept = KeptRows(group);
    if (column != path_ || !options_.keep_pathless) return JoinParts(parts, field, kept);
    arrow::ArrayVector pieces;
    int64_t row = 0;
    const auto add_nulls = [&](int64_t end) -> arrow::Status {
      if (end == row) return arrow::Status::OK();
      ARROW_ASSIGN_OR_RAISE(
          auto nulls, arrow::MakeArrayOfNull(field.type(), end - row, arrow::system_memory_pool()));
      pieces.push_back(std::move(nulls));
      return arrow::Status::OK();
    };
    for (const RowRange& range : keys_[static_cast<size_t>(group)].sound) {
      ARROW_RETURN_NOT_OK(add_nulls(range.first));
      ARROW_ASSIGN_OR_RAISE(const auto cells, JoinParts(parts, field, {range}));
      pieces.insert(pieces.end(), cells->chunks().begin(), cells->chunks().end());
      row = range.second;
    }
    ARROW_RETURN_NOT_OK(add_nulls(group_rows(group)));
    return arrow::ChunkedArray::Make(std::move(pieces), field.type());
  }

  /// The kept cells of a column in all groups, of those that are held.
  arrow::Result<std::shared_ptr<arrow::ChunkedArray>> AllCells(int column) const {
    arrow::ArrayVector chunks;
    for (int group = 0; group < file_.num_groups(); ++group) {
      ARROW_ASSIGN_OR_RAISE(const auto parts, Cells(column, group));
      ARROW_ASSIGN_OR_RAISE(const auto cells, KeptCells(column, group, parts));
      chunks.insert(chunks.end(), cells->chunks().begin(), cells->chunks().end());
    }
    return arrow::ChunkedArray::Make(std::move(chunks),
                                     fields_[static_cast<size_t>(column)]->type());
  }

  arrow::Status FindOrder() {
    ARROW_ASSIGN_OR_RAISE(const auto path_cells, AllCells(path_));
    RowOrdering ordering(write_.unicode_test);
    if (time_ < 0) {
      ARROW_RETURN_NOT_OK(ordering.Add(*path_cells, write_.path_column, nullptr, ""));
      order_ = Inverted(ordering.TakePlaces());
    } else {
      ARROW_ASSIGN_OR_RAISE(const auto time_cells, AllCells(time_));
      ARROW_RETURN_NOT_OK(
          ordering.Add(*path_cells, write_.path_column, time_cells.get(), write_.time_column));
      const RowOrder natural = ordering.is_in_order_of_time() ? RowOrder::kTime : RowOrder::kPath;
      order_ = Inverted(
          ordering.TakePlaces(write_.order.value_or(natural),
                              TimeCodesPerSecondOf(entry_).value_or(TimeScale().codes_per_second)));
    }
    is_reordered_ = !std::is_sorted(order_.begin(), order_.end());
    return arrow::Status::OK();
  }

  /// The kept rows of a row group; notes what is lost of them.
  arrow::Result<std::shared_ptr<arrow::Table>> ReadGroup(int group) {
    const std::vector<RowRange> kept = KeptRows(group);
    arrow::ChunkedArrayVector columns;
    for (int column = 0; column < report_.columns; ++column) {
      Progress(first_row(group));
      if (kept.empty()) {
        ARROW_ASSIGN_OR_RAISE(auto none, arrow::ChunkedArray::MakeEmpty(
                                             fields_[static_cast<size_t>(column)]->type()));
        columns.push_back(std::move(none));
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(const auto parts, Cells(column, group));
      if (column != path_ && column != time_) NoteLostCells(parts, kept, group);
      ARROW_ASSIGN_OR_RAISE(auto cells, KeptCells(column, group, parts));
      columns.push_back(std::move(cells));
    }
    const auto table = arrow::Table::Make(OutputSchema(), std::move(columns), Count(kept));
    ARROW_RETURN_NOT_OK(table->Validate());
    return WithoutViewsAndDictionary(table, write_.path_column);
  }

  void NoteLostCells(const std::vector<PartCells>& parts, const std::vector<RowRange>& kept,
                     int group) {
    for (const PartCells& part : parts) {
      for (const CellRun& run : part.runs) {
        if (run.cells) continue;
        for (const auto& [begin, end] : Within(kept, run.begin, run.end)) {
          AddRange({part.name, first_row(group) + begin, end - begin, run.reason},
                   &report_.lost_cells);
        }
      }
    }
  }

  /// The rows are in order: a row group at a time.
  arrow::Status WriteAsRead() {
    ARROW_ASSIGN_OR_RAISE(auto none, arrow::Table::MakeEmpty(OutputSchema()));
    ARROW_ASSIGN_OR_RAISE(none, WithoutViewsAndDictionary(none, write_.path_column));
    GroupWriter writer(output_, write_, std::move(none));
    for (int group = 0; group < file_.num_groups(); ++group) {
      ARROW_ASSIGN_OR_RAISE(const auto rows, ReadGroup(group));
      ARROW_RETURN_NOT_OK(writer.Add(rows));
    }
    return Finish(&writer);
  }

  /// The rows have to be put in order first: the table is held.
  arrow::Status WriteInOrder() {
    std::vector<std::shared_ptr<arrow::Table>> groups;
    for (int group = 0; group < file_.num_groups(); ++group) {
      ARROW_ASSIGN_OR_RAISE(auto rows, ReadGroup(group));
      groups.push_back(std::move(rows));
    }
    ARROW_ASSIGN_OR_RAISE(const auto table, arrow::ConcatenateTables(groups));
    GroupWriter writer(output_, write_, table->Slice(0, 0));
    const auto count = static_cast<int64_t>(order_.size());
    for (int64_t at = 0; at < count; at += write_.rows_per_group) {
      Progress(file_.num_rows());
      const int64_t rows = std::min(write_.rows_per_group, count - at);
      const arrow::UInt32Array indices(
          rows, arrow::Buffer::Wrap(order_.data() + at, static_cast<size_t>(rows)));
      ARROW_ASSIGN_OR_RAISE(
          const arrow::Datum taken,
          arrow::compute::Take(arrow::Datum(table), arrow::Datum(indices.data())));
      ARROW_RETURN_NOT_OK(writer.Add(taken.table()));
    }
    return Finish(&writer);
  }

  arrow::Status Finish(GroupWriter* writer) {
    ARROW_ASSIGN_OR_RAISE(const WriteSummary summary, writer->Finish(ending_));
    report_.rows_written = summary.rows;
    report_.bytes = summary.bytes;
    return arrow::Status::OK();
  }

  std::shared_ptr<arrow::Schema> OutputSchema() const {
    return arrow::schema(fields_, file_.reader->manifest().schema_metadata);
  }

  /// By column, in the order of the file, then by row.
  void SortReport() {
    const auto place = [this](const LostRange& range) {
      return FieldNamed(range.column.substr(0, range.column.find(':')));
    };
    for (auto* ranges : {&report_.lost_rows, &report_.lost_cells}) {
      std::stable_sort(ranges->begin(), ranges->end(), [&](const auto& a, const auto& b) {
        return std::tuple(place(a), a.column, a.first_row) <
               std::tuple(place(b), b.column, b.first_row);
      });
      std::vector<LostRange> joined;
      for (LostRange& range : *ranges) AddRange(std::move(range), &joined);
      *ranges = std::move(joined);
    }
  }

  void Progress(int64_t rows) const {
    if (write_.progress) write_.progress(rows, file_.num_rows());
  }

  /// Paths and times of a row group, and the rows that have both.
  struct Keys {
    std::vector<PartCells> paths;
    std::vector<PartCells> times;
    std::vector<RowRange> sound;
  };

  const DamagedFile file_;
  const std::string output_;
  const RecoverOptions& options_;
  WriteOptions write_;
  SchemaEntry entry_;
  TableFileWriter::Ending ending_;
  int path_ = -1;
  int time_ = -1;  // of a long table
  std::vector<Keys> keys_;
  int64_t num_sound_ = 0;
  arrow::FieldVector fields_;
  std::vector<uint32_t> order_;  // of the kept rows
  bool is_reordered_ = false;
  RecoveryReport report_;
};

}  // namespace

arrow::Result<RecoveryReport> RecoverFile(const std::string& input, const std::string& output,
                                          const RecoverOptions& options) {
  std::error_code ignored;
  if (std::filesystem::equivalent(input, output, ignored)) {
    return WithFileName(
        arrow::Status::Invalid(
            "the damaged file is not overwritten: write the recovered one to another"),
        input);
  }
  auto file = Guarded([&]() -> arrow::Result<DamagedFile> {
    ARROW_ASSIGN_OR_RAISE(auto opened, OpenFile(input));
    return OpenDamaged(std::move(opened));
  });
  if (!file.ok()) return WithFileName(file.status(), input);
  Recovery recovery(std::move(*file), output, options);
  auto report = Guarded([&] { return recovery.Run(); });
  if (report.ok() || report.status().message().starts_with(output)) return report;
  return WithFileName(std::move(report), input);
}

}  // namespace usdparquet
