#pragma once

/// \file
/// Builds the time index of a long table, and finds its prims on the way.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/index/arrival_tree.h"
#include "core/index/time_codes.h"
#include "core/index/time_index.h"
#include "core/util/export.h"

namespace usdparquet {

/// What the builder found that the user should hear of.
struct TimeIndexReport {
  struct BadTime {
    uint32_t row = 0;
    RowTime time;
  };
  /// Two rows of one path and one time.
  struct Duplicate {
    uint32_t earlier = 0;
    uint32_t later = 0;
  };

  uint32_t num_bad = 0;
  std::vector<BadTime> bad;  ///< the first five
  uint32_t num_duplicates = 0;
  std::vector<Duplicate> duplicates;  ///< the first five, by the later row
};

/// Takes the rows of a table one by one. Needs some 40 bytes a prim, and as many a row where the
/// rows of prims have nothing in common.
class USDPARQUET_API TimeIndexBuilder {
 public:
  static constexpr size_t kMaxReported = 5;

  explicit TimeIndexBuilder(const TimeColumn& column) : column_(column) {}

  /// A path in 96 bits: its PathIndex hash (0 for none) and 32 bits of another.
  struct PathKey {
    uint64_t hash = 0;
    uint32_t check = 0;
  };

  enum class Added {
    kKnown,      ///< a row of a known prim, or of none
    kNew,        ///< the first row of its prim
    kCollision,  ///< another path has this hash: start again with another seed
  };
  /// Adds `row`. Rows must rise.
  Added Add(uint32_t row, const PathKey& path, const RowTime& time);

  /// The prims in the order of their first rows.
  std::vector<uint64_t> TakeHashes() { return std::move(hashes_); }
  const std::vector<uint32_t>& first_rows() const { return first_rows_; }

  /// The earliest timestamp that was added, if any was.
  std::optional<Nanoseconds> Earliest() const;

  /// Makes the index of what was added. To be called once.
  TimeIndex Build(uint32_t num_rows, const TimeScale& scale, TimeIndexReport* report);

 private:
  uint32_t FindPrim(uint64_t hash) const;
  void InsertPrim(uint32_t prim);
  bool HasHash(uint32_t prim, uint64_t hash) const {
    return prim < hashes_.size() && hashes_[prim] == hash;
  }

  static constexpr uint32_t kNoPrim = 0xffffffffu;

  const TimeColumn column_;
  std::vector<uint64_t> hashes_;
  std::vector<uint32_t> checks_;
  std::vector<uint32_t> first_rows_;
  std::vector<uint32_t> nodes_;  ///< of the tree: what has come of each prim
  std::vector<uint32_t> next_;   ///< the prim whose row came behind the last one of each
  std::vector<uint32_t> table_;  ///< open addressing by hash
  uint32_t last_prim_ = kNoPrim;
  ArrivalTree tree_;
  std::optional<int64_t> earliest_;
  uint32_t num_bad_ = 0;
  std::vector<TimeIndexReport::BadTime> bad_;
};

}  // namespace usdparquet
