#include "core/pages/value_claims.h"

#include <arrow/result.h>

#include <algorithm>

namespace usdparquet {
namespace {

arrow::Status Damaged() {
  return arrow::Status::IOError("the delta encoding of a page is damaged");
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
    remaining_ = total > 0 ? total - 1 : 0;
    return arrow::Status::OK();
  }

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

}  // namespace

arrow::Status CheckValueClaims(const parquet::ColumnDescriptor& descriptor,
                               parquet::Encoding::type encoding, std::span<const uint8_t> section,
                               int64_t num_levels, int64_t count) {
  switch (encoding) {
    case parquet::Encoding::PLAIN:
    case parquet::Encoding::BYTE_STREAM_SPLIT:
      if (count > static_cast<int64_t>(section.size()) * 8 / PlainBits(descriptor)) {
        return arrow::Status::IOError("a page promises ", count, " values, but has ",
                                      section.size(), " bytes of them");
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
