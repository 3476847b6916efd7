#pragma once

/// \file
/// Where the rows of a table go in an optimized file.

#include <arrow/chunked_array.h>
#include <arrow/status.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/index/arrow_columns.h"
#include "core/index/row_order.h"
#include "core/schema/property_name.h"
#include "core/util/export.h"
#include "core/util/raw_vector.h"

namespace usdparquet {

/// Finds where the rows of a table go. It is given their paths and times portion by portion and
/// keeps neither: 4 bytes a row, 16 to 32 bytes a prim while they are added and 12 from then on,
/// and 9 more a row of a long table. A prim is told apart by its parent and 96 bits of hash of its
/// name. Not thread-safe.
class USDPARQUET_API RowOrdering {
 public:
  explicit RowOrdering(IdentifierTest unicode_test);

  /// Makes room for so many rows, which is quicker if they are known.
  void Reserve(int64_t rows);

  /// Adds the next rows: the cells of the column `path_name` and, of a long table, of `time_name`;
  /// `times` is null if the table is none. Fails if the columns hold no paths or times, for a time
  /// that no time code can hold, and if a layer can't have so many rows; the message names column
  /// and row, not the file. After a bad time paths are looked at nevertheless.
  arrow::Status Add(const arrow::ChunkedArray& paths, const std::string& path_name,
                    const arrow::ChunkedArray* times, const std::string& time_name);

  uint32_t num_rows() const { return static_cast<uint32_t>(prims_.size()); }

  /// A row and its path; null if the cell is.
  struct RowPath {
    uint32_t row = 0;
    std::optional<std::string> path;
  };
  uint32_t num_invalid() const { return num_invalid_; }  ///< rows without a prim path
  const std::optional<RowPath>& first_invalid() const { return first_invalid_; }
  /// Rows that repeat the path of an earlier one, and the first of them.
  uint32_t num_repeated() const { return num_repeated_; }
  const std::optional<RowPath>& first_repeated() const { return first_repeated_; }
  /// The last row before `row` with its path. REQUIRES: there is one.
  uint32_t RowBefore(uint32_t row) const;
  /// Of a long table, the first row that repeats path and time of an earlier one, which is the
  /// first of the two. Sorts all rows: 4 more bytes a row.
  std::optional<std::pair<uint32_t, uint32_t>> FirstRepeatedTime() const;

  /// Whether the times never fall from row to row, and rows without one come first: then the table
  /// is in order of time.
  bool is_in_order_of_time() const { return is_in_order_of_time_; }

  /// The place of each row in namespace order: every prim is followed by its descendants, and
  /// children keep the order in which the table first names them, so the layer stays the same.
  /// Rows with the same path keep their order; rows without a prim path come last. To be called
  /// once, as the last function.
  std::vector<uint32_t> TakePlaces();
  /// The places in a long table. Rows without a time come before those with one, rows with the same
  /// path and time keep their order. Timestamps are compared as time codes, `codes_per_second` to a
  /// second from the earliest on.
  std::vector<uint32_t> TakePlaces(RowOrder order, double codes_per_second);

 private:
  static constexpr uint32_t kNone = 0xffffffffu;

  void AddPath(std::string_view path);
  void AddTime(const RowTime& time);
  uint32_t PrimOf(std::string_view path);
  bool SetParent(std::string_view parent);
  uint32_t ChildOf(uint32_t parent, std::string_view name);
  void GrowTable();
  std::vector<uint32_t> FirstPlaces(bool counts_rows);

  const IdentifierTest unicode_test_;
  std::vector<uint32_t> prims_;  // of each row; kNone without a prim path

  // Prims in the order in which they are first named, those without a row included; 0 is the root.
  // Of mapped memory: what they leave behind as they grow goes back to the system.
  RawVector<uint32_t> parents_;
  RawVector<uint64_t> hashes_;
  RawVector<uint32_t> checks_;  // more bits of the hash
  std::vector<bool> has_row_;
  RawVector<uint32_t> table_;  // open addressing by hash

  std::string parent_ = "/";  // of the last valid row, with a slash at the end
  uint32_t parent_prim_ = 0;

  // Of long tables: ticks, or the bits of a double.
  std::vector<int64_t> times_;
  std::vector<bool> has_time_;
  TimeColumn time_column_;
  arrow::Status bad_time_;
  std::optional<int64_t> last_time_, earliest_;
  bool is_in_order_of_time_ = true;

  uint32_t num_invalid_ = 0;
  uint32_t num_repeated_ = 0;
  std::optional<RowPath> first_invalid_, first_repeated_;
};

/// Turns the places of rows into the rows at places, or back.
USDPARQUET_API std::vector<uint32_t> Inverted(const std::vector<uint32_t>& permutation);

}  // namespace usdparquet
