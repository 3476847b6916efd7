#pragma once

/// \file
/// Builds the time index of a long table, and finds its prims while doing so.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/index/arrival_tree.h"
#include "core/index/time_codes.h"
#include "core/index/time_index.h"
#include "core/util/export.h"

namespace usdparquet {

/// What the user should hear of the times.
struct TimeIndexReport {
  struct BadTime {
    uint32_t row = 0;
    RowTime time;
  };
  /// Two rows with the same path and time.
  struct Duplicate {
    uint32_t earlier = 0;
    uint32_t later = 0;
  };

  uint32_t num_bad = 0;
  std::vector<BadTime> bad;  ///< the first five
  uint32_t num_duplicates = 0;
  std::vector<Duplicate> duplicates;  ///< the five with the lowest `later`
};

/// Takes the rows of a table one by one. Needs some 40 bytes per prim, and as many per row where
/// prims have no times in common.
class USDPARQUET_API TimeIndexBuilder {
 public:
  static constexpr size_t kMaxReported = 5;

  explicit TimeIndexBuilder(const TimeColumn& column) : column_(column) {}

  /// A path in 96 bits: its PathIndex hash (0 if it is no prim path) and 32 bits of another hash.
  struct PathKey {
    uint64_t hash = 0;
    uint32_t check = 0;
  };

  enum class Added {
    kKnown,      ///< a row of a known prim, or of no prim
    kNew,        ///< the first row of its prim
    kCollision,  ///< another path has the same hash: start again with another seed
  };
  /// Adds `row`. Rows must rise.
  Added Add(uint32_t row, const PathKey& path, const RowTime& time);

  /// The hashes of the prims, in the order of their first rows.
  std::vector<uint64_t> TakeHashes() { return std::move(hashes_); }
  const std::vector<uint32_t>& first_rows() const { return first_rows_; }

  /// The earliest timestamp added, if there are timestamps.
  std::optional<Nanoseconds> Earliest() const;

  /// Makes the index of all rows added. To be called once.
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
  std::vector<uint32_t> nodes_;  ///< for each prim, the node of its rows so far
  std::vector<uint32_t> next_;   ///< for each prim, the one whose row followed its last row
  std::vector<uint32_t> table_;  ///< open addressing by hash
  uint32_t last_prim_ = kNoPrim;
  ArrivalTree tree_;
  std::optional<int64_t> earliest_;
  uint32_t num_bad_ = 0;
  std::vector<TimeIndexReport::BadTime> bad_;
};

}  // namespace usdparquet
