#include "core/table/wanted_rows.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "core/index/arrow_columns.h"
#include "core/util/message_text.h"
#include "core/util/path_hash.h"

namespace usdparquet {
namespace {

struct FoundPrim {
  PrimId prim;
  uint64_t hash = 0;
};

/// The prim of a path; another path with the same hash is possible.
FoundPrim FindPrim(const Table& table, std::string_view path) {
  if (path.empty() || path[0] != '/') return {};
  uint64_t hash = table.paths().root_hash();
  if (path.size() > 1) {
    for (size_t begin = 1; begin <= path.size();) {
      const size_t end = std::min(path.find('/', begin), path.size());
      hash = ChildPathHash(hash, path.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  return {table.paths().Find(hash), hash};
}

/// Adds the rows of the prim whose row in the index is `row`.
void AddRows(const Table& table, uint32_t row, uint32_t path, WantedRows* wanted) {
  const auto add = [&](uint32_t r) {
    wanted->rows.push_back(r);
    wanted->paths.push_back(path);
  };
  if (row == PrimId::kNone || !table.times()) return add(row);
  const PrimTimes times = table.times()->Find(row);
  const bool has_default = times.default_row() != PrimTimes::kNoRow;
  if (has_default) add(times.default_row());
  for (uint32_t i = 0; i < times.size(); ++i) add(times.RowOf(i));
  if (!has_default && times.size() == 0) add(PrimId::kNone);
}

/// Counts the rows of prims in a long table. Each row is that of one prim, so that a time index
/// which gives more than there are is wrong.
class RowCount {
 public:
  explicit RowCount(const Table& table) : table_(table) {}

  /// Adds the `count` rows of the prim whose first row is `row`. False if there are too many.
  bool Add(uint32_t row, size_t count) {
    if (!table_.times() || row == PrimId::kNone || !rows_.insert(row).second) return true;
    count_ += count;
    if (count_ <= table_.num_rows()) return true;
    table_.times()->Reject("its prims have more rows than the file");
    return false;
  }

 private:
  const Table& table_;
  std::unordered_set<uint32_t> rows_;  // that were counted: a prim may be asked for again
  uint64_t count_ = 0;
};

}  // namespace

std::vector<uint32_t> WantedRows::Distinct() const {
  std::vector<uint32_t> distinct = rows;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  if (!distinct.empty() && distinct.back() == PrimId::kNone) distinct.pop_back();
  return distinct;
}

WantedRows FindRows(const Table& table, const std::vector<std::string>& paths) {
  return table.Ask([&] {
    WantedRows wanted;
    RowCount count(table);
    for (uint32_t i = 0; i < paths.size(); ++i) {
      const PrimId prim = FindPrim(table, paths[i]).prim;
      const uint32_t row = prim ? table.paths().RowOf(prim) : PrimId::kNone;
      const size_t before = wanted.rows.size();
      AddRows(table, row, i, &wanted);
      if (!count.Add(row, wanted.rows.size() - before)) break;
    }
    return wanted;
  });
}

arrow::Result<WantedRows> FindRowsBelow(Table& table, const std::string& path) {
  return table.Ask([&]() -> arrow::Result<WantedRows> {
    const FoundPrim first = FindPrim(table, path);
    if (!first.prim) {
      return arrow::Status::KeyError("column '", table.path_column(), "' has no row for ",
                                     QuotedValue(path), " or a prim below it");
    }
    WantedRows wanted;
    RowCount count(table);
    std::vector<FoundPrim> stack{first}, children;
    while (!stack.empty()) {
      const FoundPrim visited = stack.back();
      stack.pop_back();
      const uint32_t row = table.paths().RowOf(visited.prim);
      const size_t before = wanted.rows.size();
      if (row != PrimId::kNone) AddRows(table, row, 0, &wanted);
      if (!count.Add(row, wanted.rows.size() - before)) break;
      children.clear();
      table.VisitChildNames(visited.prim, [&](std::string_view name) {
        const uint64_t hash = ChildPathHash(visited.hash, name);
        if (const PrimId child = table.paths().Find(hash)) children.push_back({child, hash});
      });
      stack.insert(stack.end(), children.rbegin(), children.rend());
    }
    return wanted;
  });
}

arrow::Result<bool> DropOtherPaths(const arrow::ChunkedArray& stored,
                                   const std::vector<uint32_t>& rows,
                                   const std::vector<std::string>& paths, WantedRows* wanted) {
  ARROW_ASSIGN_OR_RAISE(const auto views, StringViews(stored));
  WantedRows found;
  bool has_other = false;
  for (size_t i = 0; i < wanted->rows.size(); ++i) {
    uint32_t row = wanted->rows[i];
    const uint32_t number = wanted->paths[i];
    if (row != PrimId::kNone) {
      const auto at = std::lower_bound(rows.begin(), rows.end(), row) - rows.begin();
      if (views[at] != paths[number]) {
        row = PrimId::kNone;
        has_other = true;
      }
    }
    const bool is_noted = !found.paths.empty() && found.paths.back() == number;
    if (row == PrimId::kNone && is_noted) continue;
    found.rows.push_back(row);
    found.paths.push_back(number);
  }
  *wanted = std::move(found);
  return has_other;
}

}  // namespace usdparquet
