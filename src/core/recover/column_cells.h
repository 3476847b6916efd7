#pragma once

/// \file
/// The cells of a column in a row group, of which some are lost, and how they become one column.

#include <arrow/chunked_array.h>
#include <arrow/result.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace usdparquet {

/// Rows [begin, end).
using RowRange = std::pair<int64_t, int64_t>;

/// Rows of a row group, counted from its first.
struct CellRun {
  int64_t begin = 0;
  int64_t end = 0;
  std::shared_ptr<arrow::ChunkedArray> cells;  ///< null: they are lost
  std::string reason;                          ///< why
};

/// A part of a column (see ColumnPart), whole: runs of rows, one behind the other.
struct PartCells {
  std::string name;
  std::vector<int> steps;
  std::shared_ptr<arrow::Field> field;  ///< the column with this part only
  std::vector<CellRun> runs;
};

/// The rows whose cells are lost.
int64_t LostRows(const PartCells& part);

/// What `ranges` and `others` have in common; each ascending.
std::vector<RowRange> Intersect(const std::vector<RowRange>& ranges,
                                const std::vector<RowRange>& others);

/// What `ranges`, ascending, have in [begin, end).
std::vector<RowRange> Within(const std::vector<RowRange>& ranges, int64_t begin, int64_t end);

/// The rows whose cells are not lost in any part.
std::vector<RowRange> SoundRows(const std::vector<PartCells>& parts);

/// The cells of the rows in `kept`, one behind the other, as a column of the type of `field`, which
/// has all parts. Lost ones are null; of a struct only the lost fields are.
arrow::Result<std::shared_ptr<arrow::ChunkedArray>> JoinParts(const std::vector<PartCells>& parts,
                                                              const arrow::Field& field,
                                                              const std::vector<RowRange>& kept);

}  // namespace usdparquet
