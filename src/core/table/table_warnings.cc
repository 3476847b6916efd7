#include "core/table/table_warnings.h"

#include <parquet/statistics.h>

#include <algorithm>
#include <optional>

#include "core/pages/verify_chunk.h"
#include "core/schema/footer.h"
#include "core/schema/schema_entry.h"
#include "core/util/guard.h"
#include "core/util/limits.h"
#include "core/util/message_text.h"

namespace usdparquet {
namespace {

/// "`count` rows `are` ...: row 3: ..., row 7: ..., …" of `shown` examples, of which `describe`
/// says more.
template <typename Examples, typename Describe>
std::string ListRows(std::string text, uint32_t count, const Examples& examples,
                     const Describe& describe) {
  if (examples.empty()) return text + "…";
  for (size_t i = 0; i < examples.size(); ++i) {
    text += (i ? ", row " : "row ") + describe(examples[i]);
  }
  return text + (count > examples.size() ? ", …" : "");
}

/// Adds what `describe` says of the first entries, and how many more there are.
template <typename Entries, typename Describe>
void AddNames(const Entries& entries, std::string* text, const Describe& describe) {
  for (size_t i = 0; i < std::min(entries.size(), kMaxListedNames); ++i) {
    *text += (i ? ", " : "") + describe(entries[i]);
  }
  if (entries.size() > kMaxListedNames) {
    *text += " and " + std::to_string(entries.size() - kMaxListedNames) + " more";
  }
}

/// How many cells of a leaf column are null in a row group, for certain; of a column with lists,
/// how many of its levels have no value. Nothing if its statistics do not tell.
std::optional<int64_t> NullsOf(const parquet::FileMetaData& metadata, int group, int leaf) {
  const parquet::ColumnDescriptor& column = *metadata.schema()->Column(leaf);
  if (column.max_definition_level() == 0) return 0;
  const auto statistics = metadata.RowGroup(group)->ColumnChunk(leaf)->encoded_statistics();
  if (!statistics || !statistics->has_null_count) return std::nullopt;
  return statistics->null_count;
}

/// Whether a column has more cells that are not null than there are rows without a time.
bool HasTimedCells(const parquet::FileMetaData& metadata, const ColumnInfo& column,
                   const ColumnInfo& time) {
  for (int group = 0; group < metadata.num_row_groups(); ++group) {
    const auto untimed = NullsOf(metadata, group, time.leaf);
    const auto nulls = NullsOf(metadata, group, column.leaf);
    if (!untimed || !nulls) continue;
    const int64_t values = metadata.RowGroup(group)->ColumnChunk(column.leaf)->num_values();
    // Several values may be one list.
    const int64_t cells = column.max_rep == 0 ? values - *nulls : values > *nulls ? 1 : 0;
    if (cells > *untimed) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> DescribeProblems(const std::string& name, const TableSchema& schema,
                                          const RowNames& names, const TimeColumn* time,
                                          const TableIndex& index,
                                          const std::function<std::string(uint32_t row)>& path_at) {
  std::vector<std::string> warnings;
  const auto rows_left_out = [](uint32_t count, const char* why) {
    return std::to_string(count) + (count == 1 ? " row has " : " rows have ") + why + " and " +
           (count == 1 ? "is" : "are") + " left out: ";
  };
  const auto rows_repeat = [](uint32_t count, const std::string& what) {
    return std::to_string(count) + (count == 1 ? " row repeats " : " rows repeat ") + what +
           " of an earlier row; the later row wins: ";
  };
  const auto repetition = [&](const auto& rows) {
    const auto& [earlier, later] = rows;
    return std::to_string(later) + " repeats row " + std::to_string(earlier) + ": " +
           path_at(later);
  };

  const std::string of_paths = name + ": column '" + names.column + "': ";
  const PathIndexReport& paths = index.path_report;
  if (paths.num_invalid > 0) {
    warnings.push_back(
        ListRows(of_paths + rows_left_out(paths.num_invalid, "no valid absolute prim path"),
                 paths.num_invalid, paths.invalid_rows,
                 [&](uint32_t row) { return std::to_string(row) + ": " + path_at(row); }));
  }
  if (paths.num_duplicates > 0) {
    warnings.push_back(ListRows(of_paths + rows_repeat(paths.num_duplicates, names.what),
                                paths.num_duplicates, paths.duplicates, repetition));
  }
  if (!schema.missing.empty()) {
    warnings.push_back(MessageText(name + ": ") + DescribeMissingColumns(schema));
  }
  if (!schema.left_out.empty()) {
    std::string text = name + ": left out, because USD has no place for them: ";
    AddNames(schema.left_out, &text, [](const LeftOutColumn& column) {
      return "column '" + column.column_name + "' (" + column.reason + ")";
    });
    warnings.push_back(std::move(text));
  }
  if (!time) return warnings;

  const std::string of_times = name + ": column '" + schema.time->column_name + "': ";
  const TimeIndexReport& times = index.time_report;
  if (times.num_bad > 0) {
    warnings.push_back(
        ListRows(of_times + rows_left_out(times.num_bad, "a time that no time code can hold"),
                 times.num_bad, times.bad, [&](const TimeIndexReport::BadTime& bad) {
                   return std::to_string(bad.row) + ": " + time->Describe(bad.time);
                 }));
  }
  if (times.num_duplicates > 0) {
    warnings.push_back(ListRows(
        of_times + rows_repeat(times.num_duplicates, names.what + std::string(" and the time")),
        times.num_duplicates, times.duplicates, repetition));
  }
  return warnings;
}

std::string DescribeMissingColumns(const TableSchema& schema) {
  if (schema.missing.empty()) return {};
  std::string text = std::string("the footer's '") + kSchemaKey +
                     "' describes columns that the file does not have: ";
  AddNames(schema.missing, &text, [](const std::string& column) { return "'" + column + "'"; });
  return MessageText(text);
}

std::vector<std::string> DescribeFooterProblems(const std::string& name, const TableSchema& schema,
                                                const TableFile& file) {
  std::vector<std::string> warnings;
  for (const ColumnInfo& column : schema.columns) {
    if (!schema.time || column.role == ColumnRole::kAttribute) continue;
    bool has_timed_cells = false;
    const arrow::Status asked = Guarded([&] {
      has_timed_cells = HasTimedCells(*file.metadata(), column, *schema.time);
      return arrow::Status::OK();
    });
    // Damaged statistics tell nothing.
    if (asked.ok() && has_timed_cells) warnings.push_back(DescribeTimedColumn(name, column));
  }
  std::string rows = DescribeOtherRowCount(name, file);
  if (!rows.empty()) warnings.push_back(std::move(rows));
  return warnings;
}

std::string DescribeTimedColumn(const std::string& name, const ColumnInfo& column) {
  const bool is_relationship = column.role == ColumnRole::kRelationship;
  return name + ": column '" + MessageText(column.column_name) +
         "': " + (is_relationship ? "a relationship" : "a field of a prim") +
         " has no time samples, so that its cells in rows with a time are not shown; put them into "
         "rows without a time";
}

std::string DescribeOtherRowCount(const std::string& name, const TableFile& file) {
  const int64_t told = file.metadata()->num_rows();
  if (file.parts() || told == file.num_rows()) return {};
  return name + ": the footer says that the file has " + std::to_string(told) +
         " rows, but its row groups have " + std::to_string(file.num_rows()) +
         ", which are what is read; if that is right, 'usdparquet optimize' writes a file that " +
         "says so";
}

std::string DescribeBadStatistics(const std::string& name, const TableFile& file) {
  std::vector<BadStatistics> damaged = file.bad_statistics();
  std::erase_if(damaged, [](const BadStatistics& bad) { return bad.is_shortened; });
  if (damaged.empty()) return {};
  std::string text = name + ": statistics that can't be those of their column are not used: ";
  AddNames(damaged, &text, [&](const BadStatistics& bad) {
    return "column '" + ColumnNameOf(*file.metadata(), bad.leaf) + "', row group " +
           std::to_string(bad.row_group);
  });
  return MessageText(text + "; 'usdparquet optimize' writes good ones");
}

}  // namespace usdparquet
