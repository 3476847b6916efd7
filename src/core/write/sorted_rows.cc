#include "core/write/sorted_rows.h"

#include <arrow/array.h>
#include <arrow/builder.h>

#include <algorithm>
#include <span>
#include <utility>

#include "core/util/block_memory.h"

namespace usdparquet {
namespace {

/// Batches of fewer rows are put together until they have so many, or a gathering would go through
/// thousands of them for each row group.
constexpr int64_t kSmallRows = 16384;
constexpr int64_t kJoinedRows = 65536;

using Batch = std::shared_ptr<arrow::RecordBatch>;

}  // namespace

SortedRows::SortedRows(std::vector<uint32_t> places, int64_t rows_per_group, int64_t run_bytes,
                       bool is_held, std::string target)
    : places_(std::move(places)),
      num_rows_(static_cast<int64_t>(places_.size())),
      rows_per_group_(rows_per_group),
      run_bytes_(run_bytes),
      is_held_(is_held),
      spool_(std::move(target), 0) {}

int64_t SortedRows::num_groups() const {
  return (num_rows_ + rows_per_group_ - 1) / rows_per_group_;
}

arrow::Status SortedRows::Add(const arrow::Table& rows) {
  if (!dictionaries_) {
    schema_ = rows.schema();
    dictionaries_ = std::make_unique<DictionaryPool>(schema_);
  }
  arrow::TableBatchReader reader(rows);
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(Batch batch, reader.Next());
    if (!batch) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(batch, dictionaries_->Encode(std::move(batch)));
    if (batch->num_rows() >= kSmallRows) {
      ARROW_RETURN_NOT_OK(JoinSmall());
      ARROW_RETURN_NOT_OK(AddBatch(std::move(batch)));
      continue;
    }
    small_rows_ += batch->num_rows();
    if (!is_held_) small_size_ += SizeOf(*batch);
    small_.push_back(std::move(batch));
    if (small_rows_ >= kJoinedRows || (!is_held_ && small_size_ >= run_bytes_)) {
      ARROW_RETURN_NOT_OK(JoinSmall());
    }
  }
}

arrow::Status SortedRows::JoinSmall() {
  if (small_.empty()) return arrow::Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto joined, JoinedBatches(small_));
  small_.clear();
  small_rows_ = 0;
  small_size_ = 0;
  return AddBatch(std::move(joined));
}

arrow::Status SortedRows::AddBatch(Batch batch) {
  if (batch->num_rows() == 0) return arrow::Status::OK();
  if (run_begin_ + held_.num_rows() + batch->num_rows() > num_rows_) {
    return arrow::Status::IOError("the rows became more while they were read");
  }
  if (!is_held_) {
    const int64_t size = SizeOf(*batch);
    if (held_.num_rows() > 0 && held_size_ + size > run_bytes_) ARROW_RETURN_NOT_OK(SpillRun());
    held_size_ += size;
  }
  held_.Add(std::move(batch));
  return arrow::Status::OK();
}

/// Orders the rows of the run at hand.
void SortedRows::SortHeld() {
  const auto count = static_cast<uint32_t>(held_.num_rows());
  const auto places = std::span(places_).subspan(static_cast<size_t>(run_begin_), count);
  if (int64_t{count} == num_rows_) {
    order_.resize(count);
    for (uint32_t row = 0; row < count; ++row) order_[places[row]] = row;
    return;
  }
  std::vector<uint64_t> keys(count);
  for (uint32_t row = 0; row < count; ++row) keys[row] = uint64_t{places[row]} << 32 | row;
  std::sort(keys.begin(), keys.end());
  order_.resize(count);
  for (uint32_t i = 0; i < count; ++i) order_[i] = static_cast<uint32_t>(keys[i]);
}

arrow::Status SortedRows::SpillRun() {
  SortHeld();
  const auto count = static_cast<uint32_t>(held_.num_rows());
  const auto group_of = [this](uint32_t i) {
    return static_cast<uint32_t>(PlaceOf(order_[i]) / rows_per_group_);
  };
  for (uint32_t begin = 0; begin < count;) {
    const uint32_t group = group_of(begin);
    uint32_t end = begin + 1;
    while (end < count && group_of(end) == group) ++end;
    ARROW_ASSIGN_OR_RAISE(auto piece, held_.Take(std::span(order_).subspan(begin, end - begin)));
    arrow::UInt32Builder places(BlockPool());
    ARROW_RETURN_NOT_OK(places.Reserve(end - begin));
    for (uint32_t i = begin; i < end; ++i) places.UnsafeAppend(PlaceOf(order_[i]));
    ARROW_ASSIGN_OR_RAISE(const auto column, places.Finish());
    ARROW_ASSIGN_OR_RAISE(piece, piece->AddColumn(piece->num_columns(), "", column));
    pieces_.push_back({group, spool_.size()});
    ARROW_RETURN_NOT_OK(spool_.Append(piece));
    begin = end;
  }
  run_begin_ += held_.num_rows();
  held_.Clear();
  order_.clear();
  held_size_ = 0;
  return arrow::Status::OK();
}

arrow::Status SortedRows::Finish() {
  ARROW_RETURN_NOT_OK(JoinSmall());
  if (run_begin_ + held_.num_rows() != num_rows_) {
    return arrow::Status::IOError("the rows became fewer while they were read");
  }
  if (!is_spilled()) {
    SortHeld();
  } else if (held_.num_rows() > 0) {
    ARROW_RETURN_NOT_OK(SpillRun());
  }
  std::vector<uint32_t>().swap(places_);
  std::stable_sort(pieces_.begin(), pieces_.end(),
                   [](const Piece& a, const Piece& b) { return a.group < b.group; });
  return arrow::Status::OK();
}

/// The rows of a row group, out of its pieces.
arrow::Result<Batch> SortedRows::Merge(uint32_t group) const {
  const auto [begin, end] = std::ranges::equal_range(pieces_, group, {}, &Piece::group);
  arrow::RecordBatchVector pieces;
  for (auto it = begin; it != end; ++it) {
    ARROW_ASSIGN_OR_RAISE(auto piece, spool_.Read(it->batch));
    pieces.push_back(std::move(piece));
  }
  ARROW_ASSIGN_OR_RAISE(auto joined, JoinedBatches(pieces));
  const int last = joined->num_columns() - 1;
  const auto places = std::static_pointer_cast<arrow::UInt32Array>(joined->column(last));
  ARROW_ASSIGN_OR_RAISE(joined, joined->RemoveColumn(last));
  if (pieces.size() == 1) return joined;
  pieces.clear();
  const auto first = static_cast<uint32_t>(group * rows_per_group_);
  std::vector<uint32_t> order(static_cast<size_t>(joined->num_rows()));
  for (uint32_t i = 0; i < order.size(); ++i) order[places->Value(i) - first] = i;
  return TakeRows(joined, order);
}

arrow::Result<std::shared_ptr<arrow::Table>> SortedRows::Group(int64_t group) {
  const int64_t begin = group * rows_per_group_;
  const int64_t count = std::min(rows_per_group_, num_rows_ - begin);
  Batch rows;
  if (is_spilled()) {
    ARROW_ASSIGN_OR_RAISE(rows, Merge(static_cast<uint32_t>(group)));
  } else {
    ARROW_ASSIGN_OR_RAISE(rows, held_.Take(std::span(order_).subspan(static_cast<size_t>(begin),
                                                                     static_cast<size_t>(count))));
  }
  ARROW_ASSIGN_OR_RAISE(rows, dictionaries_->Decode(std::move(rows)));
  return arrow::Table::FromRecordBatches(schema_, {rows});
}

}  // namespace usdparquet
