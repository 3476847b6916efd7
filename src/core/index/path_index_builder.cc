#include "core/index/path_index_builder.h"

#include <algorithm>

#include "core/util/limits.h"

namespace usdparquet {

uint64_t PathScan::Reject(uint32_t row) {
  if (num_invalid_++ < PathIndexBuilder::kMaxReported) invalid_rows_.push_back(row);
  return 0;
}

/// Makes `parent` ("/" or "/a/b/") the one that following rows are compared with, and notes it
/// and its ancestors as parents.
bool PathScan::SetParent(uint32_t row, std::string_view parent) {
  uint64_t hash = root_hash_;
  uint32_t depth = 0;
  // First all of it is checked: a path that is half valid must leave nothing behind.
  if (std::count(parent.begin(), parent.end(), '/') > static_cast<int64_t>(kMaxPathDepth)) {
    return false;
  }
  for (size_t begin = 1; begin < parent.size();) {
    const size_t end = parent.find('/', begin);
    if (!IsIdentifier(parent.substr(begin, end - begin), unicode_test_)) return false;
    begin = end + 1;
  }
  for (size_t begin = 1; begin < parent.size();) {
    const size_t end = parent.find('/', begin);
    const uint64_t above = hash;
    hash = ChildPathHash(above, parent.substr(begin, end - begin));
    ++depth;
    if (seen_.emplace(hash, true).second) parents_.push_back({hash, above, row, depth});
    begin = end + 1;
  }
  parent_ = parent;
  parent_hash_ = hash;
  has_parent_ = true;
  return true;
}

uint64_t PathScan::Add(uint32_t row, std::string_view path) {
  const size_t slash = path.rfind('/');
  const bool is_absolute = !path.empty() && path[0] == '/' && path.size() <= kMaxPathLength;
  const std::string_view name = is_absolute ? path.substr(slash + 1) : std::string_view();
  if (!is_absolute || !IsIdentifier(name, unicode_test_)) return Reject(row);
  const std::string_view parent = path.substr(0, slash + 1);
  // Rows of one parent mostly follow each other, so its hash is rarely computed.
  if (!has_parent_ || parent != parent_) {
    if (!SetParent(row, parent)) return Reject(row);
    runs_.push_back({parent_hash_, row, 0});
  }
  if (runs_.back().first_row + runs_.back().count != row) {  // an invalid row lies between
    runs_.push_back({parent_hash_, row, 0});
  }
  ++runs_.back().count;
  return ChildPathHash(parent_hash_, name);
}

namespace {

/// A run of children together with the number of their parent.
struct OwnedRun {
  uint32_t parent;
  ChildRun run;
};

}  // namespace

bool PathIndexBuilder::Build(uint64_t seed, const std::vector<uint64_t>& hashes,
                             const std::vector<PathScan>& scans,
                             const PathTable::SamePath& same_path, PathIndex* index,
                             PathIndexReport* report) {
  *index = PathIndex();
  index->num_rows_ = static_cast<uint32_t>(hashes.size());
  return Finish(seed, index->row_table_.Build(hashes, same_path), scans, index, report);
}

bool PathIndexBuilder::BuildLong(uint64_t seed, const std::vector<uint64_t>& hashes,
                                 const std::vector<uint32_t>& first_rows, uint32_t num_rows,
                                 const PathScan& scan, const PathTable::SamePath& same_path,
                                 PathIndex* index, PathIndexReport* report) {
  *index = PathIndex();
  index->num_rows_ = num_rows;
  return Finish(seed, index->row_table_.Build(hashes, first_rows, num_rows, same_path),
                std::span(&scan, 1), index, report);
}

/// Makes the rest of an index whose row table is built.
bool PathIndexBuilder::Finish(uint64_t seed, PathTable::BuildResult built,
                              std::span<const PathScan> scans, PathIndex* index,
                              PathIndexReport* report) {
  if (built.has_collision) return false;
  *report = PathIndexReport();
  index->seed_ = seed;
  const auto owned = std::make_shared<PathIndex::Owned>();
  for (const PathScan& scan : scans) {
    report->num_invalid += scan.num_invalid_;
    for (uint32_t row : scan.invalid_rows_) {
      if (report->invalid_rows.size() < kMaxReported) report->invalid_rows.push_back(row);
    }
  }
  std::sort(built.duplicates.begin(), built.duplicates.end(),
            [](const auto& a, const auto& b) { return a.second < b.second; });
  report->num_duplicates = static_cast<uint32_t>(built.duplicates.size());
  for (const auto& pair : built.duplicates) {
    if (report->duplicates.size() < kMaxReported) report->duplicates.push_back(pair);
  }

  // The parents of all scans, each where it is first seen, so that none comes before its own
  // parent.
  std::vector<PathScan::Parent> parents{{RootPathHash(seed), 0, 0, 0}};
  std::unordered_map<uint64_t, uint32_t> number_of{{parents[0].hash, 0}};
  for (const PathScan& scan : scans) {
    for (const PathScan::Parent& parent : scan.parents_) {
      if (number_of.emplace(parent.hash, static_cast<uint32_t>(parents.size())).second) {
        parents.push_back(parent);
      }
    }
  }

  // A row is listed below its parent once: not if its path came before, as a
  // row or as an ancestor of one.
  std::vector<uint32_t> unlisted;
  std::unordered_map<uint32_t, uint32_t> first_of;  // later row of a path -> its first
  for (const auto& [earlier, later] : built.duplicates) {
    unlisted.push_back(later);
    const auto before = first_of.find(earlier);
    first_of[later] = before == first_of.end() ? earlier : before->second;
  }
  std::vector<bool> is_implicit(parents.size(), false);
  owned->parents.assign(parents.size() + 1, ParentPrim{});
  for (uint32_t i = 0; i < parents.size(); ++i) {
    owned->parents[i].depth = parents[i].depth;
    if (i == 0) continue;
    const uint32_t row = index->row_table_.Find(parents[i].hash);
    owned->parents[i].row = row;
    uint32_t first = row;
    if (const auto it = first_of.find(row); it != first_of.end()) first = it->second;
    is_implicit[i] = row == PathTable::kNotFound || first > parents[i].first_row;
    if (is_implicit[i] && row != PathTable::kNotFound) unlisted.push_back(first);
  }
  std::sort(unlisted.begin(), unlisted.end());

  // All runs in file order. An ancestor without an earlier row stands where its first descendant
  // does.
  std::vector<OwnedRun> runs;
  const auto add = [&runs](uint32_t parent, uint32_t first_row, uint32_t count) {
    if (!runs.empty() && runs.back().parent == parent &&
        runs.back().run.first_row + runs.back().run.count == first_row) {
      runs.back().run.count += count;
    } else if (count > 0) {
      runs.push_back({parent, {first_row, count}});
    }
  };
  uint32_t next_parent = 1;
  const auto add_ancestors = [&](uint32_t until_row) {
    for (; next_parent < parents.size() && parents[next_parent].first_row <= until_row;
         ++next_parent) {
      if (!is_implicit[next_parent]) continue;
      runs.push_back(
          {number_of.at(parents[next_parent].parent_hash), {parents[next_parent].first_row, 1}});
    }
  };
  for (const PathScan& scan : scans) {
    for (const PathScan::Run& run : scan.runs_) {
      add_ancestors(run.first_row);
      const uint32_t parent = number_of.at(run.parent_hash);
      uint32_t begin = run.first_row;
      const uint32_t end = run.first_row + run.count;
      for (auto it = std::lower_bound(unlisted.begin(), unlisted.end(), begin);
           it != unlisted.end() && *it < end; ++it) {
        add(parent, begin, *it - begin);
        begin = *it + 1;
      }
      add(parent, begin, end - begin);
    }
  }

  // Grouped by parent, in the same order: counting sort.
  for (const OwnedRun& run : runs) ++owned->parents[run.parent + 1].runs_begin;
  for (size_t i = 1; i < owned->parents.size(); ++i) {
    owned->parents[i].runs_begin += owned->parents[i - 1].runs_begin;
  }
  std::vector<uint32_t> next(parents.size());
  for (size_t i = 0; i < parents.size(); ++i) next[i] = owned->parents[i].runs_begin;
  owned->runs.resize(runs.size());
  for (const OwnedRun& run : runs) owned->runs[next[run.parent]++] = run.run;

  index->parents_ = owned->parents;
  index->runs_ = owned->runs;
  index->owned_ = owned;

  std::vector<uint64_t> parent_hashes(parents.size());
  for (size_t i = 0; i < parents.size(); ++i) parent_hashes[i] = parents[i].hash;
  // Parents are already distinct by their hashes, so equal ones can't meet here.
  return !index->parent_table_.Build(parent_hashes, [](uint32_t, uint32_t) { return false; })
              .has_collision;
}

}  // namespace usdparquet
