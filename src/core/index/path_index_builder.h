#pragma once

/// \file
/// Builds the path index from scans of the path column.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/index/path_index.h"
#include "core/schema/property_name.h"
#include "core/util/export.h"

namespace usdparquet {

/// What consecutive rows add to the index. One thread fills a scan; several scans may be filled at
/// the same time.
class USDPARQUET_API PathScan {
 public:
  PathScan(uint64_t root_hash, const IdentifierTest& unicode_test)
      : root_hash_(root_hash), unicode_test_(unicode_test) {}

  /// Scans the path of `row`, which must be the row after the previous one (a later one in a long
  /// table, and where rows are left out). Returns its hash, or 0 if it is not a prim path. Pass ""
  /// for a null.
  uint64_t Add(uint32_t row, std::string_view path);

 private:
  friend class PathIndexBuilder;

  struct Run {
    uint64_t parent_hash = 0;
    uint32_t first_row = 0;
    uint32_t count = 0;
  };
  /// A prim with children.
  struct Parent {
    uint64_t hash = 0;
    uint64_t parent_hash = 0;
    uint32_t first_row = 0;  ///< the first that lies below it
    uint32_t depth = 0;
  };

  bool SetParent(uint32_t row, std::string_view parent);
  uint64_t Reject(uint32_t row);

  const uint64_t root_hash_;
  const IdentifierTest& unicode_test_;
  std::vector<Run> runs_;
  std::vector<Parent> parents_;
  std::unordered_map<uint64_t, bool> seen_;
  std::string parent_;  // of the last valid row, with a slash at the end
  uint64_t parent_hash_ = 0;
  bool has_parent_ = false;
  uint32_t num_invalid_ = 0;
  std::vector<uint32_t> invalid_rows_;  // the first few
};

/// What the user should hear of the paths.
struct PathIndexReport {
  uint32_t num_invalid = 0;
  std::vector<uint32_t> invalid_rows;  ///< the first five
  uint32_t num_duplicates = 0;
  std::vector<std::pair<uint32_t, uint32_t>> duplicates;  ///< the first five: earlier, later row
};

/// Puts scans together into an index. BuildIndex in index_builder.h does all that comes before.
class USDPARQUET_API PathIndexBuilder {
 public:
  static constexpr size_t kMaxReported = 5;

  /// Builds the index from `hashes` (one per row, 0 for none) and the scans in the order of their
  /// rows. Returns false if two different paths share a hash: scan again with another seed.
  static bool Build(uint64_t seed, std::span<const uint64_t> hashes,
                    const std::vector<PathScan>& scans, const PathTable::SamePath& same_path,
                    PathIndex* index, PathIndexReport* report);

  /// The same for a long table of `num_rows` rows: `hashes` are those of the prims, `first_rows`
  /// the first row of each, rising; `scan` has seen only these rows.
  static bool BuildLong(uint64_t seed, std::span<const uint64_t> hashes,
                        const std::vector<uint32_t>& first_rows, uint32_t num_rows,
                        const PathScan& scan, const PathTable::SamePath& same_path,
                        PathIndex* index, PathIndexReport* report);

 private:
  class Assembly;

  /// Makes the rest of an index whose row table is built.
  static bool Finish(uint64_t seed, PathTable::BuildResult built, std::span<const PathScan> scans,
                     PathIndex* index, PathIndexReport* report);
  static PathIndexReport MakeReport(std::span<const PathScan> scans,
                                    const std::vector<std::pair<uint32_t, uint32_t>>& duplicates);
};

}  // namespace usdparquet
