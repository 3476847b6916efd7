#include "core/index/row_ordering.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <tuple>

#include "core/index/arrow_columns.h"
#include "core/index/index_builder.h"
#include "core/util/limits.h"
#include "core/util/path_hash.h"

namespace usdparquet {
namespace {

/// How many paths, which take 16 bytes each, are looked at at once.
constexpr int64_t kTextsAtOnce = 65'536;

}  // namespace

RowOrdering::RowOrdering(IdentifierTest unicode_test)
    : unicode_test_(std::move(unicode_test)),
      parents_{0},
      hashes_{RootPathHash()},
      checks_{0},
      has_row_{false},
      table_(64, kNone) {}

void RowOrdering::Reserve(int64_t rows) {
  if (rows > 0 && rows <= kMaxRows) prims_.reserve(static_cast<size_t>(rows));
}

arrow::Status RowOrdering::Add(const arrow::ChunkedArray& paths, const std::string& path_name,
                               const arrow::ChunkedArray* times, const std::string& time_name) {
  if (int64_t{num_rows()} + paths.length() > kMaxRows) {
    return arrow::Status::Invalid("the table has more than ", kMaxRows,
                                  " rows, the most that a layer can have; split it");
  }
  for (int64_t begin = 0; begin < paths.length(); begin += kTextsAtOnce) {
    const auto texts = StringViews(*paths.Slice(begin, kTextsAtOnce));
    if (!texts.ok()) {
      return arrow::Status::Invalid("the path column '", path_name, "' ", texts.status().message());
    }
    if (times && bad_time_.ok()) {
      const auto read = ReadRowTimes(*times->Slice(begin, kTextsAtOnce), time_name, num_rows());
      bad_time_ = read.status();
      if (read.ok()) {
        time_column_ = read->column;
        for (const RowTime& time : read->times) AddTime(time);
      }
    }
    for (const std::string_view text : *texts) AddPath(text);
  }
  return bad_time_;
}

void RowOrdering::AddPath(std::string_view path) {
  const uint32_t row = num_rows();
  const auto row_path = [&] {
    return RowPath{row, path.data() ? std::optional(std::string(path)) : std::nullopt};
  };
  const uint32_t prim = PrimOf(path);
  prims_.push_back(prim);
  if (prim == kNone) {
    if (num_invalid_++ == 0) first_invalid_ = row_path();
    return;
  }
  if (has_row_[prim] && num_repeated_++ == 0) first_repeated_ = row_path();
  has_row_[prim] = true;
}

void RowOrdering::AddTime(const RowTime& time) {
  const bool is_sample = time.kind == RowTime::Kind::kSample;
  times_.push_back(time.raw);
  has_time_.push_back(is_sample);
  if (!is_sample) {
    if (last_time_) is_in_order_of_time_ = false;  // where it would come first
    return;
  }
  if (last_time_) {
    const bool is_falling = time_column_.has_timestamps() ? time.raw < *last_time_
                                                          : std::bit_cast<double>(time.raw) <
                                                                std::bit_cast<double>(*last_time_);
    if (is_falling) is_in_order_of_time_ = false;
  }
  last_time_ = time.raw;
  if (time_column_.has_timestamps()) earliest_ = std::min(earliest_.value_or(time.raw), time.raw);
}

/// The prim of a path, which is made if it is new. PathScan takes the same paths for valid.
uint32_t RowOrdering::PrimOf(std::string_view path) {
  const bool is_absolute = !path.empty() && path[0] == '/' && path.size() <= kMaxPathLength;
  if (!is_absolute) return kNone;
  const size_t slash = path.rfind('/');
  const std::string_view name = path.substr(slash + 1);
  if (!IsIdentifier(name, unicode_test_)) return kNone;
  // Rows of one parent mostly follow each other.
  const std::string_view parent = path.substr(0, slash + 1);
  if (parent != parent_ && !SetParent(parent)) return kNone;
  return ChildOf(parent_prim_, name);
}

/// Makes `parent` ("/" or "/a/b/") the one that following rows are compared with.
bool RowOrdering::SetParent(std::string_view parent) {
  // First all of it is checked: a path that is half valid must leave nothing behind.
  size_t prims = 1;  // the one below counts too
  for (size_t begin = 1; begin < parent.size();) {
    const size_t end = parent.find('/', begin);
    if (++prims > kMaxPathDepth) return false;
    if (!IsIdentifier(parent.substr(begin, end - begin), unicode_test_)) return false;
    begin = end + 1;
  }
  uint32_t prim = 0;
  for (size_t begin = 1; begin < parent.size();) {
    const size_t end = parent.find('/', begin);
    prim = ChildOf(prim, parent.substr(begin, end - begin));
    begin = end + 1;
  }
  parent_ = parent;
  parent_prim_ = prim;
  return true;
}

uint32_t RowOrdering::ChildOf(uint32_t parent, std::string_view name) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(name.data(), name.size(), hashes_[parent]);
  const auto check = static_cast<uint32_t>(hash.high64);
  size_t slot = hash.low64 & (table_.size() - 1);
  for (; table_[slot] != kNone; slot = (slot + 1) & (table_.size() - 1)) {
    const uint32_t prim = table_[slot];
    if (hashes_[prim] == hash.low64 && checks_[prim] == check && parents_[prim] == parent) {
      return prim;
    }
  }
  const auto prim = static_cast<uint32_t>(hashes_.size());
  table_[slot] = prim;
  parents_.push_back(parent);
  hashes_.push_back(hash.low64);
  checks_.push_back(check);
  has_row_.push_back(false);
  if (4 * hashes_.size() > 3 * table_.size()) GrowTable();
  return prim;
}

void RowOrdering::GrowTable() {
  const size_t size = 2 * table_.size();
  RawVector<uint32_t>().swap(table_);
  table_.assign(size, kNone);
  for (uint32_t prim = 1; prim < hashes_.size(); ++prim) {
    size_t slot = hashes_[prim] & (size - 1);
    while (table_[slot] != kNone) slot = (slot + 1) & (size - 1);
    table_[slot] = prim;
  }
}

uint32_t RowOrdering::RowBefore(uint32_t row) const {
  const uint32_t prim = prims_[row];
  while (row > 0 && prims_[--row] != prim) {
  }
  return row;
}

std::optional<std::pair<uint32_t, uint32_t>> RowOrdering::FirstRepeatedTime() const {
  std::vector<uint32_t> order(prims_.size());
  std::iota(order.begin(), order.end(), 0);
  const auto key = [this](uint32_t row) {
    return std::tuple(prims_[row], bool{has_time_[row]}, has_time_[row] ? times_[row] : 0);
  };
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return std::pair(key(a), a) < std::pair(key(b), b); });
  std::optional<std::pair<uint32_t, uint32_t>> first;
  for (size_t i = 1; i < order.size(); ++i) {
    const uint32_t a = order[i - 1], b = order[i];
    if (prims_[a] == kNone || key(a) != key(b)) continue;
    if (!first || b < first->second) first = {a, b};
  }
  return first;
}

/// For each prim the place of its first row if rows are counted, else its own number in namespace
/// order.
std::vector<uint32_t> RowOrdering::FirstPlaces(bool counts_rows) {
  RawVector<uint32_t>().swap(table_);
  RawVector<uint64_t>().swap(hashes_);
  RawVector<uint32_t>().swap(checks_);
  const size_t count = parents_.size();
  std::vector<uint32_t> own(count, counts_rows ? 0 : 1);
  if (counts_rows) {
    for (const uint32_t prim : prims_) {
      if (prim != kNone) ++own[prim];
    }
  }
  // No prim comes before its parent, nor before a sibling that the table names first.
  std::vector<uint32_t> first = own;  // so far: what the prim and its descendants need
  for (size_t prim = count - 1; prim > 0; --prim) first[parents_[prim]] += first[prim];
  std::vector<uint32_t>& next = own;  // the place of the next child
  first[0] = 0;
  for (size_t prim = 1; prim < count; ++prim) {
    const uint32_t all = first[prim];
    first[prim] = next[parents_[prim]];
    next[parents_[prim]] += all;
    next[prim] += first[prim];
  }
  RawVector<uint32_t>().swap(parents_);
  return first;
}

std::vector<uint32_t> RowOrdering::TakePlaces() {
  std::vector<uint32_t> next = FirstPlaces(true);
  uint32_t next_invalid = num_rows() - num_invalid_;
  for (uint32_t& prim : prims_) prim = prim == kNone ? next_invalid++ : next[prim]++;
  return std::move(prims_);
}

std::vector<uint32_t> RowOrdering::TakePlaces(RowOrder order, double codes_per_second) {
  {
    const std::vector<uint32_t> ranks = FirstPlaces(false);
    for (uint32_t& prim : prims_) prim = prim == kNone ? kNone : ranks[prim];
  }
  const std::vector<uint32_t>& ranks = prims_;
  TimeScale scale;
  scale.codes_per_second = codes_per_second;
  if (earliest_) scale.start = time_column_.Moment(*earliest_);
  for (size_t row = 0; row < times_.size(); ++row) {
    const double code = has_time_[row] ? scale.CodeOf(time_column_, times_[row])
                                       : -std::numeric_limits<double>::infinity();
    times_[row] = std::bit_cast<int64_t>(code);
  }
  const auto code = [this](uint32_t row) { return std::bit_cast<double>(times_[row]); };
  std::vector<uint32_t> rows(prims_.size());
  std::iota(rows.begin(), rows.end(), 0);
  std::stable_sort(rows.begin(), rows.end(), [&](uint32_t a, uint32_t b) {
    const bool has_a = ranks[a] != kNone, has_b = ranks[b] != kNone;
    if (has_a != has_b) return has_a;
    if (!has_a) return false;
    if (order == RowOrder::kPath) {
      return ranks[a] != ranks[b] ? ranks[a] < ranks[b] : code(a) < code(b);
    }
    return code(a) != code(b) ? code(a) < code(b) : ranks[a] < ranks[b];
  });
  std::vector<int64_t>().swap(times_);
  std::vector<uint32_t>().swap(prims_);
  return Inverted(rows);
}

std::vector<uint32_t> Inverted(const std::vector<uint32_t>& permutation) {
  std::vector<uint32_t> inverse(permutation.size());
  for (uint32_t i = 0; i < permutation.size(); ++i) inverse[permutation[i]] = i;
  return inverse;
}

}  // namespace usdparquet
