/// \file
/// Table::OpenJoin: the prims of a table whose rows have ids instead of paths.

#include <algorithm>
#include <utility>

#include "core/index/time_index_builder.h"
#include "core/schema/without_views.h"
#include "core/table/answer_columns.h"
#include "core/table/bulk_reader.h"
#include "core/table/id_join.h"
#include "core/table/id_texts.h"
#include "core/table/table.h"
#include "core/table/table_warnings.h"
#include "core/table/time_reader.h"
#include "core/util/block_memory.h"
#include "core/util/file_name.h"
#include "core/util/message_text.h"

namespace usdparquet {
namespace {

/// How many rows' times are read at once.
constexpr uint32_t kRowsAtOnce = 1 << 16;

/// Whether a file of ids has the columns that it needs.
arrow::Status CheckHasIds(const TableOptions::Ids& ids) {
  const auto check = [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(const TableFile file, TableFile::Open(ids.file));
    for (const auto& [name, what] : {std::pair("path", "paths"), {"id", "ids"}}) {
      if (file.metadata()->schema()->group_node()->FieldIndex(name) >= 0) continue;
      return arrow::Status::Invalid("there is no column '", name, "' with the ", what,
                                    " of prims; 'usdparquet ids' writes such a file");
    }
    return arrow::Status::OK();
  };
  return WithFileName(check(), ids.file_name);
}

/// The texts of the ids in the column `name` of a file. Errors do not name the file.
arrow::Result<IdTexts> ReadIds(const TableFile& file, const TableSchema& schema,
                               const std::string& name) {
  // What is needed for the open alone is as large as what is kept is small: from the heap, most of
  // it would stay with the process.
  ARROW_ASSIGN_OR_RAISE(const auto bulk, BulkReader::Open(file, BlockPool()));
  ARROW_ASSIGN_OR_RAISE(const auto columns,
                        FindAnswerColumns(schema, bulk->manifest(), std::vector{name}));
  // The columns with the paths and the times come first, unless the name is theirs.
  const auto named = std::ranges::find(columns, name, &AnswerColumn::name);
  if (named == columns.end()) return arrow::Status::Invalid("there is no column '", name, "'");
  const std::vector<int> leaves = bulk->ReadWith(LeavesOf({&*named}));
  ARROW_ASSIGN_OR_RAISE(auto read, bulk->ReadAll(leaves));
  ARROW_ASSIGN_OR_RAISE(read, WithoutViews(std::move(read)));
  ReadPlaces places(bulk->manifest(), leaves);
  ARROW_ASSIGN_OR_RAISE(const auto cells, places.CellsOf(*read, *named));
  auto texts = IdTexts::Make(*cells);
  if (texts.ok()) return texts;
  return arrow::Status::Invalid("column '", name, "' ", texts.status().message());
}

/// The time index of rows whose prims are told apart by the texts of their ids.
arrow::Result<TableIndex> BuildTimes(const ColumnSource& source, const TimeColumn& column,
                                     const IdTexts& keys, const IndexOptions& options) {
  std::vector<RowTime> times;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    TimeReader reader(source, column);
    TimeIndexBuilder builder(column);
    bool is_good = true;
    for (uint32_t first = 0; first < keys.size() && is_good; first += kRowsAtOnce) {
      times.resize(std::min(kRowsAtOnce, keys.size() - first));
      ARROW_RETURN_NOT_OK(reader.Read(first, times));
      for (uint32_t i = 0; i < times.size() && is_good; ++i) {
        const std::string_view text = keys[first + i];
        TimeIndexBuilder::PathKey key;
        if (text.data()) {
          key = {ChildPathHash(RootPathHash(seed), text),
                 static_cast<uint32_t>(
                     XXH3_64bits_withSeed(text.data(), text.size(), ~RootPathHash(seed)))};
        }
        is_good = builder.Add(first + i, key, times[i]) != TimeIndexBuilder::Added::kCollision;
      }
    }
    if (!is_good) continue;
    TimeScale scale;
    scale.codes_per_second = options.codes_per_second;
    scale.start = options.time_start.value_or(builder.Earliest().value_or(0));
    TableIndex index;
    index.times = builder.Build(keys.size(), scale, &index.time_report);
    return index;
  }
  return arrow::Status::Invalid(
      "different ids share their hashes with every seed; the file seems made for that");
}

}  // namespace

arrow::Status Table::OpenJoin(const IndexOptions& index_options) {
  const TableOptions::Ids& ids = *options_.ids;
  ARROW_ASSIGN_OR_RAISE(const IdTexts keys, ReadIds(file_, schema_, ids.key));

  ARROW_RETURN_NOT_OK(CheckHasIds(ids));
  TableOptions options;
  options.columns.emplace();  // none: its paths and ids are no properties
  options.path_column = "path";
  options.use = WantedAs::kCells;
  options.unicode_test = options_.unicode_test;
  options.report = options_.report;
  options.cache = options_.cache;
  options.num_threads = options_.num_threads;
  const auto open = [&] { return Open(ids.file, ids.file_name, options); };
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<Table> names, open());
  const PathIndexReport& report = names->path_report();
  if (!report.duplicates.empty()) {
    const auto& [earlier, later] = report.duplicates.front();
    return arrow::Status::Invalid(
        ids.file_name, ": column '", names->path_column(), "': rows ", earlier, " and ", later,
        " both have ", names->QuotedPathAt(later), "; a prim has one id: leave one of them out");
  }
  auto read = ReadIds(names->file_, names->schema_, "id");
  if (!read.ok()) return WithFileName(read.status(), ids.file_name);
  IdJoin join = JoinIds(keys, *read, is_long());
  if (join.num_matched < join.rows.size()) {
    // Prims without a row are none of the layer's. That all have one is not told by their number:
    // an id may have a row and no path.
    auto kept = std::make_shared<std::vector<bool>>(join.rows.size());
    for (size_t i = 0; i < kept->size(); ++i) (*kept)[i] = join.rows[i] != IdJoin::kNoRow;
    options.kept_rows = std::move(kept);
    options.ignore_embedded_index = true;
    ARROW_ASSIGN_OR_RAISE(names, open());
  }

  TableIndex index;
  if (time_) {
    ARROW_ASSIGN_OR_RAISE(index, BuildTimes(source_, *time_, keys, index_options));
  }
  index_.Take(std::move(index));
  const auto key_at = [&](uint32_t row) {
    return keys[row].data() ? QuotedValue(keys[row]) : std::string("null");
  };
  // A row that repeats an id is told as one that repeats a path is.
  TableIndex told;
  told.path_report.num_duplicates = join.num_duplicates;
  told.path_report.duplicates = std::move(join.duplicates);
  told.time_report = index_.current().time_report;
  warnings_ = DescribeProblems(name_, schema_, {ids.key, "the id"}, time_ ? &*time_ : nullptr, told,
                               key_at);
  for (std::string& warning : DescribeFooterProblems(name_, schema_, file_)) {
    warnings_.push_back(std::move(warning));
  }
  if (join.num_matched == 0) {
    warnings_.push_back(name_ + ": no row has the id of a prim: column '" + ids.key +
                        "' has no text in common with the column 'id' of " + ids.file_name);
  }
  warnings_.insert(warnings_.begin(), names->warnings().begin(), names->warnings().end());
  names_ = std::move(names);
  prim_index_ = &names_->index_;
  joined_rows_ = std::move(join.rows);
  return arrow::Status::OK();
}

}  // namespace usdparquet
