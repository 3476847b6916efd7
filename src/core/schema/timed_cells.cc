#include "core/schema/timed_cells.h"

#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/memory_pool.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "core/util/message_text.h"

namespace usdparquet {
namespace {

using Cells = std::shared_ptr<arrow::ChunkedArray>;

/// Calls `f` with the name and the cells of a column or, of a struct, of each field; those of a
/// null struct are null.
arrow::Status Visit(const std::string& name, const Cells& cells,
                    const std::function<void(const std::string&, const Cells&)>& f) {
  if (cells->type()->id() != arrow::Type::STRUCT) {
    f(name, cells);
    return arrow::Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const auto fields, cells->Flatten(arrow::system_memory_pool()));
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string& field = cells->type()->field(static_cast<int>(i))->name();
    ARROW_RETURN_NOT_OK(Visit(name + ":" + field, fields[i], f));
  }
  return arrow::Status::OK();
}

/// Whether each cell is no null.
std::vector<bool> ValidRows(const arrow::ChunkedArray& cells) {
  std::vector<bool> valid;
  valid.reserve(static_cast<size_t>(cells.length()));
  for (const auto& chunk : cells.chunks()) {
    for (int64_t i = 0; i < chunk->length(); ++i) valid.push_back(chunk->IsValid(i));
  }
  return valid;
}

}  // namespace

arrow::Result<std::vector<TimedCells>> FindTimedCells(const arrow::Table& table,
                                                      const std::string& path_column,
                                                      const std::string& time_column,
                                                      const SchemaEntry& entry) {
  std::vector<TimedCells> found;
  const auto has_samples = [](const auto& column) {
    return column.second.role == ColumnRole::kAttribute;
  };
  if (time_column.empty() || std::ranges::all_of(entry.columns, has_samples)) return found;
  Cells times;
  std::vector<std::pair<TimedCells, Cells>> columns;
  for (int i = 0; i < table.num_columns(); ++i) {
    const auto note = [&](const std::string& name, const Cells& cells) {
      if (name == time_column) {
        times = cells;
        return;
      }
      const auto said = entry.columns.find(name);
      if (name == path_column || said == entry.columns.end() || has_samples(*said)) return;
      columns.push_back({{name, said->second.role, 0, 0}, cells});
    };
    ARROW_RETURN_NOT_OK(Visit(table.field(i)->name(), table.column(i), note));
  }
  if (!times || columns.empty()) return found;
  const std::vector<bool> has_time = ValidRows(*times);
  for (auto& [lost, cells] : columns) {
    int64_t row = 0;
    for (const auto& chunk : cells->chunks()) {
      if (chunk->null_count() == chunk->length()) {
        row += chunk->length();
        continue;
      }
      for (int64_t i = 0; i < chunk->length(); ++i, ++row) {
        if (!has_time[static_cast<size_t>(row)] || chunk->IsNull(i)) continue;
        if (lost.count++ == 0) lost.first_row = row;
      }
    }
    if (lost.count > 0) found.push_back(std::move(lost));
  }
  return found;
}

std::string DescribeTimedCells(const TimedCells& cells) {
  const bool is_relationship = cells.role == ColumnRole::kRelationship;
  std::string text = "column '" + cells.column + "', row " + std::to_string(cells.first_row) +
                     ": the row has a time, but " +
                     (is_relationship ? "a relationship" : "a field of a prim") +
                     " has no time samples, so that a layer does not show the cell";
  if (cells.count > 1) text += " (and " + std::to_string(cells.count - 1) + " more)";
  return MessageText(text + "; put it into a row of the prim without a time");
}

}  // namespace usdparquet
