#include "core/table/time_reader.h"

namespace usdparquet {

arrow::Status IndexColumnError(const char* what, const ColumnInfo& info, uint32_t row,
                               const arrow::Status& status) {
  return arrow::Status::IOError("the ", what, " column '", info.column_name,
                                "' can't be read from row ", row, " on: ", status.message());
}

arrow::Status TimeReader::Read(uint32_t first_row, std::span<RowTime> times) {
  for (size_t i = 0; i < times.size();) {
    uint32_t row = first_row + static_cast<uint32_t>(i);
    if (!Has(row)) ARROW_RETURN_NOT_OK(Load(row));
    do {
      times[i++] = time_.Read(*page_, row - page_->first_row);
    } while (i < times.size() && Has(++row));
  }
  return arrow::Status::OK();
}

/// Decodes the page that holds `row`.
arrow::Status TimeReader::Load(uint32_t row) {
  const uint32_t group = source_.file.GroupOf(row);
  if (!chunk_ || chunk_->group != group) {
    auto located = column_.LocateUncached(group);
    if (!located.ok()) return IndexColumnError("time", column_.info(), row, located.status());
    chunk_ = std::move(*located);
  }
  auto page = column_.Decode(*chunk_, chunk_->PageOf(row));
  if (!page.ok()) return IndexColumnError("time", column_.info(), row, page.status());
  page_ = std::move(*page);
  return arrow::Status::OK();
}

}  // namespace usdparquet
