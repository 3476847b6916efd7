#include "core/index/path_index_builder.h"

#include <algorithm>
#include <memory>
#include <utility>

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
  size_t prims = 1;  // the one below counts too
  for (size_t begin = 1; begin < parent.size();) {
    const size_t end = parent.find('/', begin);
    if (++prims > kMaxPathDepth) return false;
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

bool PathIndexBuilder::Build(uint64_t seed, std::span<const uint64_t> hashes,
                             const std::vector<PathScan>& scans,
                             const PathTable::SamePath& same_path, PathIndex* index,
                             PathIndexReport* report) {
  *index = PathIndex();
  index->num_rows_ = static_cast<uint32_t>(hashes.size());
  return Finish(seed, index->row_table_.Build(hashes, same_path), scans, index, report);
}

bool PathIndexBuilder::BuildLong(uint64_t seed, std::span<const uint64_t> hashes,
                                 const std::vector<uint32_t>& first_rows, uint32_t num_rows,
                                 const PathScan& scan, const PathTable::SamePath& same_path,
                                 PathIndex* index, PathIndexReport* report) {
  *index = PathIndex();
  index->num_rows_ = num_rows;
  return Finish(seed, index->row_table_.Build(hashes, first_rows, num_rows, same_path),
                std::span(&scan, 1), index, report);
}

/// Makes the rest of an index whose row table is built, in the order of its functions.
class PathIndexBuilder::Assembly {
 public:
  Assembly(std::span<const PathScan> scans, PathIndex* index) : scans_(scans), index_(index) {}

  /// Numbers the parents of all scans in the order in which they are first seen, so that none comes
  /// before its own parent.
  void NumberParents() {
    parents_ = {{RootPathHash(index_->seed_), 0, 0, 0}};
    number_of_ = {{parents_[0].hash, 0}};
    for (const PathScan& scan : scans_) {
      for (const PathScan::Parent& parent : scan.parents_) {
        if (number_of_.emplace(parent.hash, static_cast<uint32_t>(parents_.size())).second) {
          parents_.push_back(parent);
        }
      }
    }
  }

  /// Finds the rows of the parents, and the rows that are not listed below their own parent: those
  /// whose path came before, as a row or as an ancestor of one. `duplicates` in order of the later.
  void FindParentRows(const std::vector<std::pair<uint32_t, uint32_t>>& duplicates) {
    std::unordered_map<uint32_t, uint32_t> first_of;  // later row of a path -> its first
    for (const auto& [earlier, later] : duplicates) {
      unlisted_.push_back(later);
      const auto before = first_of.find(earlier);
      first_of[later] = before == first_of.end() ? earlier : before->second;
    }
    is_implicit_.assign(parents_.size(), false);
    owned_->parents.assign(parents_.size() + 1, ParentPrim{});
    for (uint32_t i = 0; i < parents_.size(); ++i) {
      owned_->parents[i].depth = parents_[i].depth;
      if (i == 0) continue;
      const uint32_t row = index_->row_table_.Find(parents_[i].hash);
      owned_->parents[i].row = row;
      uint32_t first = row;
      if (const auto it = first_of.find(row); it != first_of.end()) first = it->second;
      is_implicit_[i] = row == PathTable::kNotFound || first > parents_[i].first_row;
      if (is_implicit_[i] && row != PathTable::kNotFound) unlisted_.push_back(first);
    }
    std::sort(unlisted_.begin(), unlisted_.end());
  }

  /// Merges the runs of all scans, in file order. An ancestor without an earlier row stands where
  /// its first descendant does.
  void MergeRuns() {
    uint32_t next_parent = 1;
    for (const PathScan& scan : scans_) {
      for (const PathScan::Run& run : scan.runs_) {
        for (; next_parent < parents_.size() && parents_[next_parent].first_row <= run.first_row;
             ++next_parent) {
          if (is_implicit_[next_parent]) AddImplicit(parents_[next_parent]);
        }
        AddListed(number_of_.at(run.parent_hash), run.first_row, run.first_row + run.count);
      }
    }
  }

  /// Groups the runs by their parents, in the same order: counting sort.
  void GroupRuns() {
    for (const OwnedRun& run : runs_) ++owned_->parents[run.parent + 1].runs_begin;
    for (size_t i = 1; i < owned_->parents.size(); ++i) {
      owned_->parents[i].runs_begin += owned_->parents[i - 1].runs_begin;
    }
    std::vector<uint32_t> next(parents_.size());
    for (size_t i = 0; i < parents_.size(); ++i) next[i] = owned_->parents[i].runs_begin;
    owned_->runs.resize(runs_.size());
    for (const OwnedRun& run : runs_) owned_->runs[next[run.parent]++] = run.run;
  }

  /// Hands the parents and their runs to the index, and builds its table of parents. False if two
  /// of them share what the table keeps of their hashes.
  bool FillIndex() {
    index_->parents_ = owned_->parents;
    index_->runs_ = owned_->runs;
    index_->owned_ = owned_;
    std::vector<uint64_t> hashes(parents_.size());
    for (size_t i = 0; i < parents_.size(); ++i) hashes[i] = parents_[i].hash;
    // Parents are already distinct by their hashes, so equal ones can't meet here.
    return !index_->parent_table_.Build(hashes, [](uint32_t, uint32_t) { return false; })
                .has_collision;
  }

 private:
  /// A run of children together with the number of their parent.
  struct OwnedRun {
    uint32_t parent;
    ChildRun run;
  };

  void AddImplicit(const PathScan::Parent& parent) {
    runs_.push_back({number_of_.at(parent.parent_hash), {parent.first_row, 1}});
  }

  /// Adds the rows [begin, end) below `parent`, but for the unlisted ones.
  void AddListed(uint32_t parent, uint32_t begin, uint32_t end) {
    for (auto it = std::lower_bound(unlisted_.begin(), unlisted_.end(), begin);
         it != unlisted_.end() && *it < end; ++it) {
      AddRun(parent, begin, *it - begin);
      begin = *it + 1;
    }
    AddRun(parent, begin, end - begin);
  }

  void AddRun(uint32_t parent, uint32_t first_row, uint32_t count) {
    if (!runs_.empty() && runs_.back().parent == parent &&
        runs_.back().run.first_row + runs_.back().run.count == first_row) {
      runs_.back().run.count += count;
    } else if (count > 0) {
      runs_.push_back({parent, {first_row, count}});
    }
  }

  const std::span<const PathScan> scans_;
  PathIndex* const index_;
  const std::shared_ptr<PathIndex::Owned> owned_ = std::make_shared<PathIndex::Owned>();
  std::vector<PathScan::Parent> parents_;             // by number; 0 is the root
  std::unordered_map<uint64_t, uint32_t> number_of_;  // by hash
  std::vector<bool> is_implicit_;                     // by number: listed without a row of its own
  std::vector<uint32_t> unlisted_;                    // rows, rising
  std::vector<OwnedRun> runs_;                        // in file order
};

bool PathIndexBuilder::Finish(uint64_t seed, PathTable::BuildResult built,
                              std::span<const PathScan> scans, PathIndex* index,
                              PathIndexReport* report) {
  if (built.has_collision) return false;
  std::sort(built.duplicates.begin(), built.duplicates.end(),
            [](const auto& a, const auto& b) { return a.second < b.second; });
  *report = MakeReport(scans, built.duplicates);
  index->seed_ = seed;
  Assembly assembly(scans, index);
  assembly.NumberParents();
  assembly.FindParentRows(built.duplicates);
  assembly.MergeRuns();
  assembly.GroupRuns();
  return assembly.FillIndex();
}

PathIndexReport PathIndexBuilder::MakeReport(
    std::span<const PathScan> scans, const std::vector<std::pair<uint32_t, uint32_t>>& duplicates) {
  PathIndexReport report;
  for (const PathScan& scan : scans) {
    report.num_invalid += scan.num_invalid_;
    for (uint32_t row : scan.invalid_rows_) {
      if (report.invalid_rows.size() < kMaxReported) report.invalid_rows.push_back(row);
    }
  }
  report.num_duplicates = static_cast<uint32_t>(duplicates.size());
  for (const auto& pair : duplicates) {
    if (report.duplicates.size() < kMaxReported) report.duplicates.push_back(pair);
  }
  return report;
}

}  // namespace usdparquet
