#include "core/write/key_spool.h"

#include <arrow/array/concatenate.h>
#include <arrow/chunked_array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <string_view>

#include "core/util/block_memory.h"

namespace usdparquet {
namespace {

/// The cells in one array, which keeps nothing else alive.
arrow::Result<std::shared_ptr<arrow::Array>> InOne(const arrow::ChunkedArray& cells) {
  if (cells.num_chunks() == 1) return cells.chunk(0);
  if (cells.num_chunks() == 0) return arrow::MakeEmptyArray(cells.type());
  return arrow::Concatenate(cells.chunks(), BlockPool());
}

}  // namespace

KeySpool::KeySpool(std::string target, std::string time_column, int64_t held_bytes)
    : time_name_(std::move(time_column)), spool_(std::move(target), held_bytes) {
  if (!time_name_.empty()) time_.emplace();
}

arrow::Status KeySpool::Add(const arrow::ChunkedArray& paths, const arrow::ChunkedArray* times) {
  if (paths.length() == 0) return arrow::Status::OK();
  arrow::ArrayVector columns(1);
  ARROW_ASSIGN_OR_RAISE(columns[0], InOne(paths));
  ARROW_ASSIGN_OR_RAISE(const auto views, StringViews(arrow::ChunkedArray(columns[0])));
  for (const std::string_view path : views) {
    const bool is_same = !repeats_.empty() && path == last_path_;
    repeats_.push_back(is_same);
    if (!is_same) last_path_ = path;
  }
  arrow::FieldVector fields{arrow::field("path", columns[0]->type())};
  if (times) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), InOne(*times));
    fields.push_back(arrow::field("time", times->type()));
    if (spool_.size() == 0) {
      ARROW_ASSIGN_OR_RAISE(const RowTimes first,
                            ReadRowTimes(arrow::ChunkedArray(columns[1]->Slice(0, 1)), time_name_));
      time_ = first.column;
    }
  }
  return spool_.Append(
      arrow::RecordBatch::Make(arrow::schema(std::move(fields)), paths.length(), columns));
}

arrow::Result<TableIndex> KeySpool::MakeIndex(const IdentifierTest& unicode_test,
                                              double codes_per_second) {
  IndexOptions options;
  options.unicode_test = unicode_test;
  options.num_threads = 1;
  options.codes_per_second = codes_per_second;
  return BuildIndex(*this, options);
}

IndexSource::PathPage KeySpool::PageAt(size_t page) const {
  const int64_t end = page + 1 < spool_.size() ? spool_.FirstRow(page + 1) : spool_.num_rows();
  const int64_t begin = spool_.FirstRow(page);
  return {static_cast<uint32_t>(begin), static_cast<uint32_t>(end - begin)};
}

size_t KeySpool::PageOf(uint32_t row) const {
  size_t begin = 0, end = spool_.size();
  while (end - begin > 1) {
    const size_t middle = begin + (end - begin) / 2;
    (spool_.FirstRow(middle) <= int64_t{row} ? begin : end) = middle;
  }
  return begin;
}

arrow::Result<PagePaths> KeySpool::ReadPaths(size_t page) const {
  ARROW_ASSIGN_OR_RAISE(const auto batch, spool_.Read(page));
  ARROW_ASSIGN_OR_RAISE(auto views, StringViews(arrow::ChunkedArray(batch->column(0))));
  return PagePaths(std::move(views), batch);
}

arrow::Result<std::string> KeySpool::PathAt(uint32_t row) const {
  const size_t page = PageOf(row);
  ARROW_ASSIGN_OR_RAISE(const PagePaths paths, ReadPaths(page));
  return std::string(paths[row - PageAt(page).first_row]);
}

bool KeySpool::IsSamePath(uint32_t a, uint32_t b) {
  // In namespace order, rows of one path follow each other.
  uint32_t row = b;
  while (row > a && repeats_[row]) --row;
  if (row == a) return true;
  const auto first = PathAt(a), second = PathAt(b);
  return first.ok() && second.ok() && *first == *second;
}

arrow::Status KeySpool::ReadTimes(uint32_t first_row, std::span<RowTime> times) {
  const size_t page = PageOf(first_row);
  if (!times_ || times_page_ != page) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, spool_.Read(page));
    ARROW_ASSIGN_OR_RAISE(times_, ReadRowTimes(arrow::ChunkedArray(batch->column(1)), time_name_));
    times_page_ = page;
  }
  const auto begin = times_->times.begin() + (first_row - PageAt(page).first_row);
  std::copy_n(begin, times.size(), times.begin());
  return arrow::Status::OK();
}

}  // namespace usdparquet
