#include "core/table/table_warnings.h"

#include "core/schema/schema_entry.h"
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

}  // namespace

std::vector<std::string> DescribeProblems(const std::string& name, const TableSchema& schema,
                                          const TimeColumn* time, const TableIndex& index,
                                          const std::function<std::string(uint32_t row)>& path_at) {
  std::vector<std::string> warnings;
  const auto rows_left_out = [](uint32_t count, const char* why) {
    return std::to_string(count) + (count == 1 ? " row has " : " rows have ") + why + " and " +
           (count == 1 ? "is" : "are") + " left out: ";
  };
  const auto rows_repeat = [](uint32_t count, const char* what) {
    return std::to_string(count) + (count == 1 ? " row repeats " : " rows repeat ") + what +
           " of an earlier row; the later row wins: ";
  };
  const auto repetition = [&](const auto& rows) {
    const auto& [earlier, later] = rows;
    return std::to_string(later) + " repeats row " + std::to_string(earlier) + ": " +
           path_at(later);
  };

  const std::string of_paths = name + ": column '" + schema.path->column_name + "': ";
  const PathIndexReport& paths = index.path_report;
  if (paths.num_invalid > 0) {
    warnings.push_back(
        ListRows(of_paths + rows_left_out(paths.num_invalid, "no valid absolute prim path"),
                 paths.num_invalid, paths.invalid_rows,
                 [&](uint32_t row) { return std::to_string(row) + ": " + path_at(row); }));
  }
  if (paths.num_duplicates > 0) {
    warnings.push_back(ListRows(of_paths + rows_repeat(paths.num_duplicates, "the path"),
                                paths.num_duplicates, paths.duplicates, repetition));
  }
  if (!schema.missing.empty()) {
    std::string text = name + ": the footer's '" + kSchemaKey +
                       "' describes columns that the file does not have: ";
    for (size_t i = 0; i < schema.missing.size(); ++i) {
      text += (i ? ", '" : "'") + schema.missing[i] + "'";
    }
    warnings.push_back(MessageText(text));
  }
  if (!schema.left_out.empty()) {
    std::string text = name + ": left out, because USD has no place for them: ";
    for (size_t i = 0; i < schema.left_out.size(); ++i) {
      text += (i ? ", column '" : "column '") + schema.left_out[i].column_name + "' (" +
              schema.left_out[i].reason + ")";
    }
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
    warnings.push_back(
        ListRows(of_times + rows_repeat(times.num_duplicates, "the path and the time"),
                 times.num_duplicates, times.duplicates, repetition));
  }
  return warnings;
}

}  // namespace usdparquet
