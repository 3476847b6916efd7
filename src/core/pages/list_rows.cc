#include "core/pages/list_rows.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "core/pages/sized_levels.h"

namespace usdparquet {
namespace {

/// Steps through runs of Parquet's hybrid of run lengths and packed bits
/// (https://parquet.apache.org/docs/file-format/data-pages/encodings/), for levels of up to 8 bits.
class LevelRuns {
 public:
  LevelRuns(std::span<const uint8_t> bytes, uint32_t width) : bytes_(bytes), width_(width) {}

  struct Run {
    uint32_t count = 0;
    bool is_packed = false;
    uint32_t value = 0;               ///< of all levels, unless they are packed
    std::span<const uint8_t> packed;  ///< with `count` levels
  };

  /// The next run of at most `most` levels. False if there is none, or it is cut off.
  bool Next(uint32_t most, Run* run) {
    const auto header = TakeVarint(&bytes_);
    if (!header) return false;
    run->is_packed = *header & 1;
    const uint64_t length = *header >> 1;
    if (!run->is_packed) {
      if (bytes_.empty()) return false;
      run->value = bytes_[0];
      bytes_ = bytes_.subspan(1);
      run->count = static_cast<uint32_t>(std::min<uint64_t>(length, most));
      return run->value >> width_ == 0;
    }
    run->count = static_cast<uint32_t>(std::min<uint64_t>(length * 8, most));
    run->packed = bytes_.first(std::min<uint64_t>(length * width_, bytes_.size()));
    bytes_ = bytes_.subspan(run->packed.size());
    return run->packed.size() * 8 >= uint64_t{run->count} * width_;
  }

 private:
  std::span<const uint8_t> bytes_;
  const uint32_t width_;
};

/// The first of `bytes` as a number, up to `size` of them, as many as there are.
uint64_t LoadBytes(std::span<const uint8_t> bytes, size_t size) {
  uint64_t word = 0;
  std::memcpy(&word, bytes.data(), std::min(size, bytes.size()));
  return word;
}

}  // namespace

ListRows::ListRows(const ColumnInfo& column, uint32_t most_rows)
    : most_rows_(most_rows),
      is_array_(column.list_def > 0),
      tuple_(column.tuple_def > 0 ? column.type.tuple : 1),
      outer_def_(static_cast<uint32_t>(is_array_ ? column.list_def : column.tuple_def)),
      max_def_(static_cast<uint32_t>(column.max_def)),
      rep_width_(is_array_ && column.tuple_def > 0 ? 2 : 1) {
  if (tuple_ > kLargestTuple) return;  // Append refuses it
  for (uint32_t phase = 0; phase < tuple_; ++phase) {
    for (uint32_t i = 0; i < LevelsPerWord(); ++i) {
      // 0 begins a row, 1 an element of its array (or a component of its tuple), 2 a component of a
      // tuple in its array.
      const bool begins_tuple = (phase + i) % tuple_ == 0;
      const bool may_begin_row = begins_tuple && is_array_;
      uint64_t level = rep_width_;
      if (begins_tuple) level = is_array_ ? 1 : 0;
      within_row_[phase] |= level << (i * rep_width_);
      row_starts_[phase] |= uint64_t{may_begin_row} << (i * rep_width_);
    }
  }
}

std::optional<ValueSection> ListRows::Append(const PageHeader& header,
                                             std::span<const uint8_t> body) {
  if (header.num_values == 0 || tuple_ > kLargestTuple) return std::nullopt;
  std::optional<std::span<const uint8_t>> rep, def;
  if (header.type == parquet::PageType::DATA_PAGE) {
    if (header.rep_encoding != parquet::Encoding::RLE ||
        header.def_encoding != parquet::Encoding::RLE) {
      return std::nullopt;
    }
    rep = TakeSized(&body);
    if (rep) def = TakeSized(&body);
    if (!def) return std::nullopt;
  } else {
    const auto rep_size = static_cast<size_t>(header.rep_size);
    const auto def_size = static_cast<size_t>(header.def_size);
    if (rep_size + def_size > body.size()) return std::nullopt;
    rep = body.first(rep_size);
    def = body.subspan(rep_size, def_size);
    body = body.subspan(rep_size + def_size);
  }
  const auto levels = static_cast<uint32_t>(header.num_values);
  const uint32_t before = num_values_;
  if (!ReadGaps(*def, levels) || !ReadRows(*rep, levels)) return std::nullopt;
  return ValueSection{body.data(), static_cast<int>(body.size()),
                      static_cast<int>(num_values_ - before)};
}

std::optional<uint32_t> ListRows::DenseRows() const {
  if (is_array_ || phase_ != 0 || !rows_.empty()) return std::nullopt;
  return num_values_ / tuple_;
}

std::optional<std::vector<RowSpan>> ListRows::Finish() {
  if (!CloseRow()) return std::nullopt;
  return std::move(rows_);
}

/// Finds the levels that stand for no value.
bool ListRows::ReadGaps(std::span<const uint8_t> bytes, uint32_t count) {
  gaps_.clear();
  const auto width = static_cast<uint32_t>(std::bit_width(max_def_));
  if (width > 8) return false;
  uint64_t eight_values = 0;
  for (uint32_t i = 0; i < 8; ++i) eight_values |= uint64_t{max_def_} << (i * width);
  LevelRuns runs(bytes, width);
  for (uint32_t at = 0; at < count;) {
    LevelRuns::Run run;
    if (!runs.Next(count - at, &run)) return false;
    if (!run.is_packed) {
      if (run.value > max_def_) return false;
      if (run.value < max_def_) AddGap(at, run.count, run.value);
    }
    for (uint32_t i = 0; run.is_packed && i < run.count; i += 8) {
      uint64_t packed = LoadBytes(run.packed.subspan(i / 8 * width), width);
      const uint32_t part = std::min(run.count - i, 8u);
      if (part == 8 && packed == eight_values) continue;
      for (uint32_t k = 0; k < part; ++k, packed >>= width) {
        const auto level = static_cast<uint32_t>(packed & ((1u << width) - 1));
        if (level > max_def_) return false;
        if (level < max_def_) AddGap(at + i + k, 1, level);
      }
    }
    at += run.count;
  }
  return true;
}

void ListRows::AddGap(uint32_t at, uint32_t count, uint32_t def) {
  if (count == 0) return;
  if (!gaps_.empty() && gaps_.back().def == def && gaps_.back().at + gaps_.back().count == at) {
    gaps_.back().count += count;
  } else {
    gaps_.push_back({at, count, def});
  }
}

/// Adds rows by the repetition levels, once the gaps are known.
bool ListRows::ReadRows(std::span<const uint8_t> bytes, uint32_t count) {
  next_gap_ = 0;
  at_ = 0;
  LevelRuns runs(bytes, rep_width_);
  const uint64_t ones = rep_width_ == 1 ? ~uint64_t{0} : 0x5555555555555555;
  while (at_ < count) {
    LevelRuns::Run run;
    if (!runs.Next(count - at_, &run)) return false;
    // Most of a long array is one run: it goes on, whatever its length.
    if (!run.is_packed && run.value == 1 && tuple_ == 1 && is_in_row_ &&
        (next_gap_ == gaps_.size() || gaps_[next_gap_].at - at_ >= run.count)) {
      num_values_ += run.count;
      at_ += run.count;
      continue;
    }
    for (uint32_t i = 0; i < run.count;) {
      const uint32_t part = std::min(run.count - i, LevelsPerWord());
      const uint64_t levels =
          run.is_packed ? LoadBytes(run.packed.subspan(i * rep_width_ / 8), 8) : ones * run.value;
      if (!AddLevels(levels, part)) return false;
      i += part;
    }
  }
  return true;
}

bool ListRows::AddLevels(uint64_t levels, uint32_t count) {
  while (count > 0) {
    uint32_t part = count;
    if (next_gap_ < gaps_.size()) {
      Gap& gap = gaps_[next_gap_];
      part = std::min(count, gap.at == at_ ? gap.count : gap.at - at_);
    }
    const uint64_t mask = MaskOf(part);
    if (next_gap_ < gaps_.size() && gaps_[next_gap_].at == at_) {
      Gap& gap = gaps_[next_gap_];
      if ((levels & mask) != 0 || !AddRowsWithoutValue(gap.def, part)) return false;
      gap.at += part;
      gap.count -= part;
      if (gap.count == 0) ++next_gap_;
    } else if (!AddValues(levels & mask, part)) {
      return false;
    }
    at_ += part;
    count -= part;
    levels = part == LevelsPerWord() ? 0 : levels >> (part * rep_width_);
  }
  return true;
}

bool ListRows::AddValues(uint64_t levels, uint32_t count) {
  uint64_t differences = (levels ^ within_row_[phase_]) & MaskOf(count);
  if ((differences & ~row_starts_[phase_]) != 0) return false;
  if (!is_in_row_ && is_array_ && (differences & 1) == 0) return false;
  for (; differences != 0; differences &= differences - 1) {
    const auto first = static_cast<uint32_t>(std::countr_zero(differences)) / rep_width_;
    const uint32_t begin = num_values_ + first;
    if (is_in_row_) rows_.back().count = begin - rows_.back().begin;
    if (rows_.size() >= most_rows_) return false;
    rows_.push_back({begin, 0, RowSpan::State::kValue});
    is_in_row_ = true;
  }
  num_values_ += count;
  phase_ = (phase_ + count) % tuple_;
  return true;
}

bool ListRows::AddRowsWithoutValue(uint32_t def, uint32_t count) {
  const bool is_null = def + 1 < outer_def_;
  if (def >= outer_def_ || (!is_null && !is_array_)) return false;  // something in it is null
  if (!CloseRow() || count > most_rows_ - rows_.size()) return false;
  rows_.insert(rows_.end(), count,
               {num_values_, 0, is_null ? RowSpan::State::kNull : RowSpan::State::kValue});
  return true;
}

/// Ends the last row, whose tuples must be whole. Rows of tuples are all as long as one.
bool ListRows::CloseRow() {
  if (phase_ != 0) return false;
  if (!is_array_) {
    const uint32_t more = (num_values_ - closed_) / tuple_;
    if (more > most_rows_ - rows_.size()) return false;
    for (; closed_ < num_values_; closed_ += tuple_) {
      rows_.push_back({closed_, tuple_, RowSpan::State::kValue});
    }
  } else if (is_in_row_) {
    rows_.back().count = num_values_ - rows_.back().begin;
  }
  is_in_row_ = false;
  return true;
}

}  // namespace usdparquet
