#include "core/index/long_table_order.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/util/float16.h>

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/schema/value_convert.h"
#include "core/util/path_hash.h"

namespace usdparquet {
namespace {

template <typename ArrayType, typename Make>
void Append(const arrow::Array& array, const Make& make, std::vector<RowTime>* times) {
  const auto& typed = static_cast<const ArrayType&>(array);
  for (int64_t i = 0; i < typed.length(); ++i) {
    times->push_back(typed.IsNull(i) ? RowTime() : make(typed, i));
  }
}

template <typename ArrayType, typename Wide>
void AppendNumbers(const arrow::Array& array, std::vector<RowTime>* times) {
  Append<ArrayType>(
      array, [](const auto& a, int64_t i) { return RowTime::Of(Wide{a.Value(i)}); }, times);
}

template <typename ArrayType>
void AppendTicks(const arrow::Array& array, std::vector<RowTime>* times) {
  Append<ArrayType>(
      array,
      [](const auto& a, int64_t i) { return RowTime{RowTime::Kind::kSample, int64_t{a.Value(i)}}; },
      times);
}

void AppendDecimals(const arrow::Array& array, std::vector<RowTime>* times) {
  const int scale = static_cast<const arrow::DecimalType&>(*array.type()).scale();
  Append<arrow::FixedSizeBinaryArray>(
      array,
      [scale](const auto& a, int64_t i) {
        uint8_t bytes[32];  // as Parquet stores them: the highest first
        std::reverse_copy(a.Value(i), a.Value(i) + a.byte_width(), bytes);
        return RowTime::Of(DecimalToDouble(bytes, a.byte_width(), scale));
      },
      times);
}

int64_t NanosecondsPerTick(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1'000'000'000;
    case arrow::TimeUnit::MILLI:
      return 1'000'000;
    case arrow::TimeUnit::MICRO:
      return 1'000;
    case arrow::TimeUnit::NANO:
      return 1;
  }
  return 1;
}

/// Appends the times of a chunk. False if its type holds none.
bool AppendChunk(const arrow::Array& chunk, RowTimes* rows) {
  std::vector<RowTime>* const times = &rows->times;
  switch (chunk.type_id()) {
    case arrow::Type::INT8:
      AppendNumbers<arrow::Int8Array, int64_t>(chunk, times);
      return true;
    case arrow::Type::INT16:
      AppendNumbers<arrow::Int16Array, int64_t>(chunk, times);
      return true;
    case arrow::Type::INT32:
      AppendNumbers<arrow::Int32Array, int64_t>(chunk, times);
      return true;
    case arrow::Type::INT64:
      AppendNumbers<arrow::Int64Array, int64_t>(chunk, times);
      return true;
    case arrow::Type::UINT8:
      AppendNumbers<arrow::UInt8Array, uint64_t>(chunk, times);
      return true;
    case arrow::Type::UINT16:
      AppendNumbers<arrow::UInt16Array, uint64_t>(chunk, times);
      return true;
    case arrow::Type::UINT32:
      AppendNumbers<arrow::UInt32Array, uint64_t>(chunk, times);
      return true;
    case arrow::Type::UINT64:
      AppendNumbers<arrow::UInt64Array, uint64_t>(chunk, times);
      return true;
    case arrow::Type::HALF_FLOAT:
      Append<arrow::HalfFloatArray>(
          chunk,
          [](const auto& a, int64_t i) {
            return RowTime::Of(arrow::util::Float16::FromBits(a.Value(i)).ToDouble());
          },
          times);
      return true;
    case arrow::Type::FLOAT:
      AppendNumbers<arrow::FloatArray, double>(chunk, times);
      return true;
    case arrow::Type::DOUBLE:
      AppendNumbers<arrow::DoubleArray, double>(chunk, times);
      return true;
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      AppendDecimals(chunk, times);
      return true;
    case arrow::Type::DATE32:
      rows->column.nanoseconds_per_tick = 86400 * NanosecondsPerTick(arrow::TimeUnit::SECOND);
      AppendTicks<arrow::Date32Array>(chunk, times);
      return true;
    case arrow::Type::DATE64:
      rows->column.nanoseconds_per_tick = NanosecondsPerTick(arrow::TimeUnit::MILLI);
      AppendTicks<arrow::Date64Array>(chunk, times);
      return true;
    case arrow::Type::TIMESTAMP:
      rows->column.nanoseconds_per_tick =
          NanosecondsPerTick(static_cast<const arrow::TimestampType&>(*chunk.type()).unit());
      AppendTicks<arrow::TimestampArray>(chunk, times);
      return true;
    default:
      return false;
  }
}

/// The kind of number that messages show; see TimeColumn::Describe.
Scalar DescribedAs(arrow::Type::type type) {
  return type == arrow::Type::INT64    ? Scalar::kInt64
         : type == arrow::Type::UINT64 ? Scalar::kUInt64
                                       : Scalar::kDouble;
}

}  // namespace

arrow::Result<RowTimes> ReadRowTimes(const arrow::ChunkedArray& column, const std::string& name) {
  RowTimes rows;
  rows.times.reserve(column.length());
  rows.column.info.column_name = name;
  rows.column.info.stored_scalar = DescribedAs(column.type()->id());
  for (std::shared_ptr<arrow::Array> chunk : column.chunks()) {
    if (chunk->type_id() == arrow::Type::DICTIONARY) {
      const auto& values = static_cast<const arrow::DictionaryType&>(*chunk->type()).value_type();
      ARROW_ASSIGN_OR_RAISE(chunk, arrow::compute::Cast(*chunk, values));
    }
    if (!AppendChunk(*chunk, &rows)) {
      return arrow::Status::Invalid("the time column '", name, "' has type ",
                                    column.type()->ToString(),
                                    "; it must hold numbers, dates or timestamps");
    }
  }
  const auto bad = std::find_if(rows.times.begin(), rows.times.end(), [](const RowTime& time) {
    return time.kind == RowTime::Kind::kBad;
  });
  if (bad != rows.times.end()) {
    return arrow::Status::Invalid("column '", name, "', row ", bad - rows.times.begin(),
                                  ": no time code can hold ", rows.column.Describe(*bad),
                                  "; times are finite numbers within ±2^53 where they are whole, "
                                  "or null for defaults");
  }
  return rows;
}

arrow::Result<IndexedTimes> IndexTimes(const std::vector<std::string_view>& paths,
                                       const RowTimes& times, const std::vector<uint32_t>& order,
                                       double codes_per_second,
                                       const IdentifierTest& unicode_test) {
  const auto num_rows = static_cast<uint32_t>(order.size());
  const auto same_path = [&](uint32_t a, uint32_t b) { return paths[order[a]] == paths[order[b]]; };
  for (uint64_t seed = 0; seed < 8; ++seed) {
    const uint64_t root_hash = RootPathHash(seed);
    IndexedTimes indexed;
    indexed.paths.hashes.assign(num_rows, 0);
    PathScan hasher(root_hash, unicode_test), scan(root_hash, unicode_test);
    TimeIndexBuilder builder(times.column);
    bool has_collision = false;
    for (uint32_t row = 0; row < num_rows && !has_collision; ++row) {
      const std::string_view path = paths[order[row]];
      TimeIndexBuilder::PathKey key;
      if (path.data()) {
        key = {hasher.Add(row, path),
               static_cast<uint32_t>(XXH3_64bits_withSeed(path.data(), path.size(), ~root_hash))};
      }
      indexed.paths.hashes[row] = key.hash;
      const auto added = builder.Add(row, key, times.times[order[row]]);
      has_collision = added == TimeIndexBuilder::Added::kCollision;
      if (added == TimeIndexBuilder::Added::kNew) scan.Add(row, path);
      if (key.hash == 0) scan.AddNull(row);
    }
    if (has_collision || !PathIndexBuilder::BuildLong(
                             seed, builder.TakeHashes(), builder.first_rows(), num_rows, scan,
                             same_path, &indexed.paths.index, &indexed.paths.report)) {
      continue;
    }
    TimeScale scale;
    scale.codes_per_second = codes_per_second;
    scale.start = builder.Earliest().value_or(0);
    indexed.times = builder.Build(num_rows, scale, &indexed.report);
    return indexed;
  }
  return arrow::Status::Invalid("different paths share their hashes with every seed");
}

std::vector<uint32_t> LongTableOrder(const std::vector<std::string_view>& paths,
                                     const RowTimes& times, const IndexedTimes& indexed,
                                     RowOrder order) {
  const std::vector<uint32_t> ranks = NamespaceRanks(paths, indexed.paths);
  std::vector<double> codes(paths.size());
  for (size_t row = 0; row < codes.size(); ++row) {
    const RowTime& time = times.times[row];
    codes[row] = time.kind == RowTime::Kind::kSample
                     ? indexed.times.scale().CodeOf(times.column, time.raw)
                     : -std::numeric_limits<double>::infinity();
  }
  std::vector<uint32_t> rows(paths.size());
  std::iota(rows.begin(), rows.end(), 0);
  std::stable_sort(rows.begin(), rows.end(), [&](uint32_t a, uint32_t b) {
    const bool has_a = ranks[a] != kNoNamespaceRank, has_b = ranks[b] != kNoNamespaceRank;
    if (has_a != has_b) return has_a;
    if (!has_a) return false;
    if (order == RowOrder::kPath) {
      return ranks[a] != ranks[b] ? ranks[a] < ranks[b] : codes[a] < codes[b];
    }
    return codes[a] != codes[b] ? codes[a] < codes[b] : ranks[a] < ranks[b];
  });
  return rows;
}

bool IsInOrderOfTime(const RowTimes& times) {
  const RowTime* last = nullptr;
  for (const RowTime& time : times.times) {
    if (time.kind != RowTime::Kind::kSample) continue;
    const bool is_falling =
        last && (times.column.has_timestamps()
                     ? time.raw < last->raw
                     : std::bit_cast<double>(time.raw) < std::bit_cast<double>(last->raw));
    if (is_falling) return false;
    last = &time;
  }
  return true;
}

}  // namespace usdparquet
