#include "core/pages/page_join.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace usdparquet {

PageJoin::PageJoin(const ColumnInfo& column, uint32_t first_row, uint32_t num_rows)
    : column_(column) {
  page_.first_row = first_row;
  page_.num_rows = num_rows;
  page_.presence.assign((size_t{num_rows} + 63) / 64, 0);
  if (column.type.is_array) page_.offsets.push_back(0);
}

arrow::Status PageJoin::Append(const Page& page) {
  const uint32_t begin = std::max(page.first_row, first_row());
  const uint32_t end = std::min(page.first_row + page.num_rows, end_row());
  for (uint32_t row = begin; row < end; ++row) {
    const uint32_t from = row - page.first_row, to = row - first_row();
    const bool is_present = page.IsPresent(from);
    is_full_ = is_full_ && is_present;
    if (is_present) page_.presence[to >> 6] |= uint64_t{1} << (to & 63);
    if (column_.type.is_array) {
      const uint32_t first = page.offsets[from], last = page.offsets[from + 1];
      AppendScalars(page, first, last);
      page_.offsets.push_back(page_.offsets.back() + (last - first));
    } else if (is_present || column_.type.scalar != Scalar::kString) {
      AppendScalars(page, from, from + 1);
    } else {
      page_.strings.Append({});
    }
    if (std::max(page_.strings.chars.size(), page_.values.size()) >
        std::numeric_limits<uint32_t>::max()) {
      return arrow::Status::CapacityError("its offset index is wrong, and claims a page of ",
                                          page_.num_rows, " rows, which are too large for one");
    }
  }
  return arrow::Status::OK();
}

Page PageJoin::Finish() {
  if (is_full_) page_.presence.clear();
  page_.cells = page_.values.data();
  return std::move(page_);
}

/// Appends the elements [begin, end) of a page.
void PageJoin::AppendScalars(const Page& page, uint32_t begin, uint32_t end) {
  if (column_.type.scalar == Scalar::kString) {
    for (uint32_t i = begin; i < end; ++i) page_.strings.Append(page.String(i));
    return;
  }
  const size_t size = ScalarSize(column_.type.scalar) * column_.type.tuple;
  page_.values.insert(page_.values.end(), page.cells + begin * size, page.cells + end * size);
}

}  // namespace usdparquet
