#include "core/table/table_warnings.h"

#include <algorithm>

#include "core/pages/verify_chunk.h"
#include "core/schema/footer.h"
#include "core/schema/schema_entry.h"
#include "core/util/limits.h"
#include "core/util/message_text.h"

namespace usdparquet {
namespace {

/// "`count` rows `are` ...: row 3: ..., row 7: ..., …" of `shown` examples, of which `describe`
/// says more.
template <typename Examples, typename Describe>
std::string ListRows(std::string text, uint32_t count, const Examples& examples,
                     const Describe& describe) {
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
    std::string text = name + ": the footer's '" + kSchemaKey +
                       "' describes columns that the file does not have: ";
    AddNames(schema.missing, &text, [](const std::string& column) { return "'" + column + "'"; });
    warnings.push_back(MessageText(text));
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
