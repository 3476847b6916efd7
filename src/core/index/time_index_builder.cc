#include "core/index/time_index_builder.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "core/util/path_hash.h"

namespace usdparquet {
namespace {

/// Keeps equal stretches of values once, one behind the other.
template <typename T>
class StretchPool {
 public:
  explicit StretchPool(std::vector<T>* values) : values_(*values) {}

  /// Where `stretch` begins in the values.
  uint32_t Add(const std::vector<T>& stretch) {
    if (stretch.empty()) return 0;
    const uint64_t hash = XXH3_64bits(stretch.data(), stretch.size() * sizeof(T));
    const auto [begin, end] = known_.equal_range(hash);
    for (auto it = begin; it != end; ++it) {
      if (it->second.count == stretch.size() &&
          std::equal(stretch.begin(), stretch.end(), values_.begin() + it->second.first)) {
        return it->second.first;
      }
    }
    const auto first = static_cast<uint32_t>(values_.size());
    values_.insert(values_.end(), stretch.begin(), stretch.end());
    known_.emplace(hash, Place{first, static_cast<uint32_t>(stretch.size())});
    return first;
  }

 private:
  struct Place {
    uint32_t first;
    uint32_t count;
  };
  std::vector<T>& values_;
  std::unordered_multimap<uint64_t, Place> known_;
};

/// One time code of a prim and the row that holds it.
struct Sample {
  double code;
  uint32_t offset;
};

/// A prim's list put into order.
struct OrderedList {
  std::vector<Sample> samples;  ///< by time code, each once
  std::optional<uint32_t> default_offset;
  /// Offsets of rows that a later one replaces, and of that one.
  std::vector<std::pair<uint32_t, uint32_t>> duplicates;
};

void PutInOrder(const std::vector<ArrivalTree::Arrival>& arrivals, const TimeColumn& column,
                const TimeScale& scale, OrderedList* list) {
  list->samples.clear();
  list->default_offset.reset();
  list->duplicates.clear();
  bool is_rising = true;
  for (const auto& arrival : arrivals) {
    if (arrival.time.kind == RowTime::Kind::kDefault) {
      if (list->default_offset) {
        list->duplicates.emplace_back(*list->default_offset, arrival.offset);
      }
      list->default_offset = arrival.offset;
      continue;
    }
    const double code = scale.CodeOf(column, arrival.time.raw);
    is_rising = is_rising && (list->samples.empty() || list->samples.back().code < code);
    list->samples.push_back({code, arrival.offset});
  }
  if (is_rising) return;
  std::stable_sort(list->samples.begin(), list->samples.end(),
                   [](const Sample& a, const Sample& b) { return a.code < b.code; });
  size_t kept = 0;
  for (const Sample& sample : list->samples) {
    if (kept > 0 && list->samples[kept - 1].code == sample.code) {
      list->duplicates.emplace_back(list->samples[kept - 1].offset, sample.offset);
      --kept;
    }
    list->samples[kept++] = sample;
  }
  list->samples.resize(kept);
}

/// The first few duplicates of all prims.
void Report(uint32_t first_row, const OrderedList& list, TimeIndexReport* report) {
  report->num_duplicates += static_cast<uint32_t>(list.duplicates.size());
  auto& kept = report->duplicates;
  for (const auto& [earlier, later] : list.duplicates) {
    const TimeIndexReport::Duplicate one{first_row + earlier, first_row + later};
    if (kept.size() == TimeIndexBuilder::kMaxReported && one.later > kept.back().later) continue;
    kept.insert(std::upper_bound(kept.begin(), kept.end(), one,
                                 [](const auto& a, const auto& b) { return a.later < b.later; }),
                one);
    if (kept.size() > TimeIndexBuilder::kMaxReported) kept.pop_back();
  }
}

}  // namespace

uint32_t TimeIndexBuilder::FindPrim(uint64_t hash) const {
  if (table_.empty()) return kNoPrim;
  for (size_t slot = hash & (table_.size() - 1); table_[slot] != kNoPrim;
       slot = (slot + 1) & (table_.size() - 1)) {
    if (hashes_[table_[slot]] == hash) return table_[slot];
  }
  return kNoPrim;
}

void TimeIndexBuilder::InsertPrim(uint32_t prim) {
  const auto put = [this](uint32_t each) {
    size_t slot = hashes_[each] & (table_.size() - 1);
    while (table_[slot] != kNoPrim) slot = (slot + 1) & (table_.size() - 1);
    table_[slot] = each;
  };
  if (2 * hashes_.size() > table_.size()) {
    table_.assign(std::max<size_t>(64, 2 * table_.size()), kNoPrim);
    for (uint32_t each = 0; each < hashes_.size(); ++each) put(each);
  } else {
    put(prim);
  }
}

TimeIndexBuilder::Added TimeIndexBuilder::Add(uint32_t row, const PathKey& path,
                                              const RowTime& time) {
  if (time.kind == RowTime::Kind::kSample && column_.has_timestamps()) {
    earliest_ = std::min(earliest_.value_or(time.raw), time.raw);
  }
  if (path.hash == 0) return Added::kKnown;

  // Tables sorted by path repeat the last prim, tables sorted by time the order of the prims.
  Added added = Added::kKnown;
  uint32_t prim = last_prim_;
  if (!HasHash(prim, path.hash)) {
    prim = last_prim_ == kNoPrim ? kNoPrim : next_[last_prim_];
    if (!HasHash(prim, path.hash)) prim = FindPrim(path.hash);
    if (prim == kNoPrim) {
      prim = static_cast<uint32_t>(hashes_.size());
      hashes_.push_back(path.hash);
      checks_.push_back(path.check);
      first_rows_.push_back(row);
      nodes_.push_back(ArrivalTree::kRoot);
      next_.push_back(kNoPrim);
      InsertPrim(prim);
      added = Added::kNew;
    }
    if (last_prim_ != kNoPrim) next_[last_prim_] = prim;
    last_prim_ = prim;
  }
  if (checks_[prim] != path.check) return Added::kCollision;
  if (time.kind == RowTime::Kind::kBad) {
    if (num_bad_++ < kMaxReported) bad_.push_back({row, time});
    return added;
  }
  nodes_[prim] = tree_.Append(nodes_[prim], {row - first_rows_[prim], time});
  return added;
}

std::optional<Nanoseconds> TimeIndexBuilder::Earliest() const {
  if (!earliest_) return std::nullopt;
  return column_.Moment(*earliest_);
}

TimeIndex TimeIndexBuilder::Build(uint32_t num_rows, const TimeScale& scale,
                                  TimeIndexReport* report) {
  report->num_bad = num_bad_;
  report->bad = std::move(bad_);
  TimeIndex index;
  index.num_rows_ = num_rows;
  index.scale_ = scale;
  const auto owned = std::make_shared<TimeIndex::Owned>();
  StretchPool<double> codes(&owned->codes);
  StretchPool<uint32_t> offsets(&owned->offsets);

  constexpr uint32_t kNotMade = 0xffffffffu;
  std::vector<uint32_t> schedule_of(tree_.size(), kNotMade);
  std::unordered_map<uint32_t, OrderedList> with_duplicates;  // by schedule
  std::vector<ArrivalTree::Arrival> arrivals;
  OrderedList list;
  std::vector<double> list_codes;
  std::vector<uint32_t> list_offsets;
  for (size_t prim = 0; prim < first_rows_.size(); ++prim) {
    uint32_t& number = schedule_of[nodes_[prim]];
    if (number == kNotMade) {
      tree_.List(nodes_[prim], &arrivals);
      PutInOrder(arrivals, column_, scale, &list);
      list_codes.clear();
      list_offsets.clear();
      bool is_even = true;
      for (const Sample& sample : list.samples) {
        list_codes.push_back(sample.code);
        list_offsets.push_back(sample.offset);
        const size_t n = list_offsets.size();
        if (n > 2) {
          is_even = is_even &&
                    list_offsets[n - 1] - list_offsets[n - 2] == list_offsets[1] - list_offsets[0];
        }
      }
      TimeIndex::Schedule schedule;
      schedule.num_codes = static_cast<uint32_t>(list_codes.size());
      schedule.first_code = codes.Add(list_codes);
      if (!is_even) {
        schedule.first_offset = offsets.Add(list_offsets);
      } else if (!list_offsets.empty()) {
        schedule.base = list_offsets[0];
        schedule.stride = list_offsets.size() > 1 ? list_offsets[1] - list_offsets[0] : 0;
      }
      schedule.default_offset = list.default_offset.value_or(TimeIndex::kNoDefault);
      number = static_cast<uint32_t>(owned->schedules.size());
      owned->schedules.push_back(schedule);
      if (!list_codes.empty()) {
        const bool is_first = !index.has_codes();
        index.first_code_ =
            is_first ? list_codes.front() : std::min(index.first_code_, list_codes.front());
        index.last_code_ =
            is_first ? list_codes.back() : std::max(index.last_code_, list_codes.back());
      }
      if (!list.duplicates.empty()) with_duplicates.emplace(number, list);
    }
    if (!with_duplicates.empty()) {
      const auto found = with_duplicates.find(number);
      if (found != with_duplicates.end()) Report(first_rows_[prim], found->second, report);
    }
    if (owned->runs.empty() || owned->runs.back().schedule != number) {
      owned->runs.push_back({first_rows_[prim], number});
    }
  }
  index.Take(owned);
  return index;
}

}  // namespace usdparquet
