#include "core/pages/value_claims.h"

#include <arrow/result.h>
#include <parquet/encoding.h>
#include <parquet/types.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "core/util/block_memory.h"
#include "core/util/limits.h"

namespace usdparquet {
namespace {

arrow::Status Damaged() {
  return arrow::Status::IOError("the delta encoding of a page is damaged");
}

arrow::Status WrongSection(std::span<const uint8_t> section, int64_t count) {
  return arrow::Status::IOError("a page promises ", count, " values, but has ", section.size(),
                                " bytes of them");
}

/// Whether a section's first `used` bytes are all of it, but for the zeros that fastparquet writes
/// behind each page. Any other byte says that a count is wrong.
bool IsAllUsed(std::span<const uint8_t> section, size_t used) {
  constexpr size_t kMostPadding = 8;
  if (used > section.size() || section.size() - used > kMostPadding) return false;
  return std::ranges::all_of(section.subspan(used), [](uint8_t byte) { return byte == 0; });
}

/// Steps over DELTA_BINARY_PACKED numbers.
class DeltaWalk {
 public:
  explicit DeltaWalk(std::span<const uint8_t> bytes) : rest_(bytes) {}

  /// Reads the header, which may claim `most` values.
  arrow::Status ReadHeader(int64_t most) {
    const uint64_t block = ReadVarint();
    blocks_ = ReadVarint();
    const uint64_t total = ReadVarint();
    ReadVarint();  // the first value
    if (is_damaged_ || blocks_ == 0 || blocks_ > std::max<size_t>(rest_.size(), 256) ||
        block % blocks_ != 0 || block > UINT32_MAX) {
      return Damaged();
    }
    values_per_miniblock_ = block / blocks_;
    if (values_per_miniblock_ == 0 || values_per_miniblock_ % 32 != 0) return Damaged();
    if (total > static_cast<uint64_t>(most)) {
      return arrow::Status::IOError("a page of ", most, " values claims ", total,
                                    " delta-encoded ones");
    }
    total_ = static_cast<int64_t>(total);
    remaining_ = total > 0 ? total - 1 : 0;
    return arrow::Status::OK();
  }

  /// The number of values that the header claims.
  int64_t total() const { return total_; }

  /// Steps over what is behind the header, and returns the bytes that follow.
  arrow::Result<std::span<const uint8_t>> Skip() {
    while (remaining_ > 0) {
      ReadVarint();  // the smallest delta
      if (is_damaged_ || blocks_ > rest_.size()) return Damaged();
      const auto widths = rest_.first(blocks_);
      rest_ = rest_.subspan(blocks_);
      for (const uint8_t width : widths) {
        if (remaining_ == 0) break;  // the widths behind are of no miniblock
        const uint64_t size = values_per_miniblock_ / 8 * width;
        if (width > 64 || size > rest_.size()) return Damaged();
        rest_ = rest_.subspan(size);
        remaining_ -= std::min(remaining_, values_per_miniblock_);
      }
    }
    return rest_;
  }

 private:
  uint64_t ReadVarint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const uint8_t byte = rest_[0];
      rest_ = rest_.subspan(1);
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    is_damaged_ = true;
    return 0;
  }

  std::span<const uint8_t> rest_;
  bool is_damaged_ = false;
  int64_t total_ = 0;
  uint64_t blocks_ = 0;  // miniblocks a block
  uint64_t values_per_miniblock_ = 0;
  uint64_t remaining_ = 0;
};

/// Bits that a PLAIN value takes at least.
int64_t PlainBits(const parquet::ColumnDescriptor& descriptor) {
  switch (descriptor.physical_type()) {
    case parquet::Type::BOOLEAN:
      return 1;
    case parquet::Type::INT32:
    case parquet::Type::FLOAT:
    case parquet::Type::BYTE_ARRAY:  // its length
      return 32;
    case parquet::Type::INT96:
      return 96;
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      return std::max<int64_t>(descriptor.type_length(), 1) * 8;
    default:
      return 64;
  }
}

arrow::Status CheckTotal(const std::vector<int32_t>& lengths, std::span<const uint8_t> bytes) {
  int64_t total = 0;
  for (const int32_t length : lengths) total += length;
  if (total == static_cast<int64_t>(bytes.size())) return arrow::Status::OK();
  return arrow::Status::IOError("a page has ", bytes.size(), " bytes of text, but its lengths are ",
                                total, " together");
}

/// Each value with its length before it.
arrow::Status CheckPlainTexts(std::span<const uint8_t> section, int64_t count) {
  size_t at = 0;
  for (int64_t i = 0; i < count; ++i) {
    uint32_t length = 0;
    if (section.size() - at < sizeof(length)) return WrongSection(section, count);
    std::memcpy(&length, section.data() + at, sizeof(length));
    at += sizeof(length);
    if (length > section.size() - at) return WrongSection(section, count);
    at += length;
  }
  return IsAllUsed(section, at) ? arrow::Status::OK() : WrongSection(section, count);
}

/// Each value as the length of what it shares with the one before, and what is behind that.
arrow::Status CheckPrefixedTexts(std::span<const uint8_t> section, int64_t num_levels,
                                 int64_t count) {
  ARROW_ASSIGN_OR_RAISE(const Lengths prefixes, ReadLengths(section, num_levels, count));
  ARROW_ASSIGN_OR_RAISE(const Lengths suffixes, ReadLengths(prefixes.rest, num_levels, count));
  // Each text may repeat the one before: what they decode to can be the square of what is stored.
  int64_t before = 0, text = 0;
  for (size_t i = 0; i < prefixes.values.size(); ++i) {
    if (prefixes.values[i] > before) return Damaged();
    before = int64_t{prefixes.values[i]} + suffixes.values[i];
    text += before;
  }
  const int64_t most = MaxPageText(static_cast<int64_t>(section.size()));
  if (text > most) {
    return arrow::Status::CapacityError("the text of a page takes ", text, " bytes of at most ",
                                        most, " (docs/limits.md)");
  }
  return CheckTotal(suffixes.values, suffixes.rest);
}

/// Decodes all of `count` values some at a time; `f(values, n)` looks at them.
template <typename Value, typename Decode, typename F>
arrow::Status DecodeAll(int64_t count, const Decode& decode, const F& f) {
  constexpr int64_t kMostAtOnce = 4096;
  const auto values =
      std::make_unique_for_overwrite<Value[]>(static_cast<size_t>(std::min(count, kMostAtOnce)));
  for (int64_t done = 0; done < count;) {
    const int wanted = static_cast<int>(std::min(count - done, kMostAtOnce));
    const int got = decode(values.get(), wanted);
    if (got != wanted) {
      return arrow::Status::IOError("a page promises ", count, " values, but holds ", done + got);
    }
    ARROW_RETURN_NOT_OK(f(values.get(), got));
    done += got;
  }
  return arrow::Status::OK();
}

arrow::Status CheckIndices(const parquet::ColumnDescriptor& descriptor,
                           std::span<const uint8_t> section, int64_t num_levels, int64_t count,
                           int64_t dictionary_size) {
  if (dictionary_size < 0) {
    return arrow::Status::IOError("a page needs a dictionary that is not there");
  }
  // Indices are the same for all types.
  const auto decoder = parquet::MakeDictDecoder<parquet::Int32Type>(&descriptor, BlockPool());
  decoder->SetData(static_cast<int>(num_levels), section.data(), static_cast<int>(section.size()));
  return DecodeAll<int32_t>(
      count, [&](int32_t* values, int n) { return decoder->DecodeIndices(n, values); },
      [&](const int32_t* values, int n) {
        uint32_t largest = 0;  // a negative index is larger still
        for (int i = 0; i < n; ++i) largest = std::max(largest, static_cast<uint32_t>(values[i]));
        if (largest < dictionary_size) return arrow::Status::OK();
        return arrow::Status::IOError("a page refers to entry ", largest, " of a dictionary of ",
                                      dictionary_size);
      });
}

}  // namespace

arrow::Result<Lengths> ReadLengths(std::span<const uint8_t> section, int64_t num_levels,
                                   int64_t count) {
  DeltaWalk walk(section);
  ARROW_RETURN_NOT_OK(walk.ReadHeader(num_levels));
  if (walk.total() != count) {
    return arrow::Status::IOError("a page promises ", count, " values, but holds ", walk.total());
  }
  Lengths lengths;
  ARROW_ASSIGN_OR_RAISE(lengths.rest, walk.Skip());
  lengths.values.resize(static_cast<size_t>(count));
  const auto decoder = parquet::MakeTypedDecoder<parquet::Int32Type>(
      parquet::Encoding::DELTA_BINARY_PACKED, nullptr, BlockPool());
  decoder->SetData(static_cast<int>(count), section.data(), static_cast<int>(section.size()));
  if (decoder->Decode(lengths.values.data(), static_cast<int>(count)) != count) return Damaged();
  if (std::ranges::any_of(lengths.values, [](int32_t length) { return length < 0; })) {
    return Damaged();
  }
  return lengths;
}

arrow::Status CheckWholeValues(const parquet::ColumnDescriptor& descriptor,
                               parquet::Encoding::type encoding, std::span<const uint8_t> section,
                               int64_t num_levels, int64_t count, int64_t dictionary_size) {
  if (count == 0) return arrow::Status::OK();
  const parquet::Type::type type = descriptor.physical_type();
  const bool is_text = type == parquet::Type::BYTE_ARRAY;
  const bool is_integer = type == parquet::Type::INT32 || type == parquet::Type::INT64;
  ARROW_RETURN_NOT_OK(CheckValueClaims(descriptor, encoding, section, num_levels, count));
  switch (encoding) {
    case parquet::Encoding::PLAIN:
      return is_text ? CheckPlainTexts(section, count) : arrow::Status::OK();
    case parquet::Encoding::BYTE_STREAM_SPLIT:
      if (is_text || type == parquet::Type::BOOLEAN || type == parquet::Type::INT96) break;
      return arrow::Status::OK();
    case parquet::Encoding::PLAIN_DICTIONARY:
    case parquet::Encoding::RLE_DICTIONARY:
      return CheckIndices(descriptor, section, num_levels, count, dictionary_size);
    case parquet::Encoding::DELTA_BINARY_PACKED: {
      if (!is_integer) break;
      DeltaWalk walk(section);
      ARROW_RETURN_NOT_OK(walk.ReadHeader(num_levels));
      if (walk.total() != count) {
        return arrow::Status::IOError("a page promises ", count, " values, but holds ",
                                      walk.total());
      }
      return walk.Skip().status();
    }
    case parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY: {
      if (!is_text) break;
      ARROW_ASSIGN_OR_RAISE(const Lengths lengths, ReadLengths(section, num_levels, count));
      return CheckTotal(lengths.values, lengths.rest);
    }
    case parquet::Encoding::DELTA_BYTE_ARRAY:
      if (!is_text && type != parquet::Type::FIXED_LEN_BYTE_ARRAY) break;
      return CheckPrefixedTexts(section, num_levels, count);
    case parquet::Encoding::RLE: {
      if (type != parquet::Type::BOOLEAN) break;
      const auto decoder = parquet::MakeTypedDecoder<parquet::BooleanType>(
          parquet::Encoding::RLE, &descriptor, BlockPool());
      decoder->SetData(static_cast<int>(num_levels), section.data(),
                       static_cast<int>(section.size()));
      return DecodeAll<bool>(
          count, [&](bool* values, int n) { return decoder->Decode(values, n); },
          [](const bool*, int) { return arrow::Status::OK(); });
    }
    default:
      break;
  }
  return arrow::Status::IOError("a page of ", parquet::TypeToString(type), " has the encoding ",
                                parquet::EncodingToString(encoding), ", which it can't have");
}

arrow::Status CheckValueClaims(const parquet::ColumnDescriptor& descriptor,
                               parquet::Encoding::type encoding, std::span<const uint8_t> section,
                               int64_t num_levels, int64_t count) {
  switch (encoding) {
    case parquet::Encoding::PLAIN:
    case parquet::Encoding::BYTE_STREAM_SPLIT:
      if (count > static_cast<int64_t>(section.size()) * 8 / PlainBits(descriptor)) {
        return WrongSection(section, count);
      }
      // What is left over says that one of the two is wrong.
      if (descriptor.physical_type() == parquet::Type::BYTE_ARRAY) return arrow::Status::OK();
      if (const auto used = static_cast<size_t>((count * PlainBits(descriptor) + 7) / 8);
          encoding == parquet::Encoding::PLAIN ? !IsAllUsed(section, used)
                                               : used != section.size()) {
        return WrongSection(section, count);
      }
      return arrow::Status::OK();
    case parquet::Encoding::DELTA_BINARY_PACKED:
    case parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY:
      return DeltaWalk(section).ReadHeader(num_levels);
    case parquet::Encoding::DELTA_BYTE_ARRAY: {
      // The lengths of the prefixes, then those of the suffixes.
      DeltaWalk prefixes(section);
      ARROW_RETURN_NOT_OK(prefixes.ReadHeader(num_levels));
      ARROW_ASSIGN_OR_RAISE(const auto suffixes, prefixes.Skip());
      return DeltaWalk(suffixes).ReadHeader(num_levels);
    }
    default:
      return arrow::Status::OK();  // runs: decoded no further than to what is wanted
  }
}

}  // namespace usdparquet
