#include "core/pages/level_bits.h"

#include <algorithm>
#include <cstring>

namespace usdparquet {
namespace {

arrow::Status TooFew() { return arrow::Status::IOError("a page has too few definition levels"); }

/// Puts bits into words that are 0, one behind the other.
class BitWriter {
 public:
  BitWriter(uint64_t* words, uint32_t begin) : words_(words), at_(begin) {}

  void PutZeros(uint32_t count) { at_ += count; }
  void PutOnes(uint32_t count) {
    for (; count >= 64; count -= 64) Put(~uint64_t{0}, 64);
    if (count > 0) Put((uint64_t{1} << count) - 1, count);
  }
  /// The first `count` bits of `bytes`.
  void PutPacked(const uint8_t* bytes, uint32_t count) {
    for (; count >= 64; count -= 64, bytes += 8) {
      uint64_t word;
      std::memcpy(&word, bytes, sizeof(word));
      Put(word, 64);
    }
    for (; count >= 8; count -= 8) Put(*bytes++, 8);
    if (count > 0) Put(*bytes & ((uint64_t{1} << count) - 1), count);
  }

 private:
  /// REQUIRES: 0 < count <= 64; the bits of `value` from `count` on are 0.
  void Put(uint64_t value, uint32_t count) {
    const uint32_t shift = at_ % 64;
    uint64_t* const word = words_ + at_ / 64;
    word[0] |= value << shift;
    if (shift + count > 64) word[1] |= value >> (64 - shift);
    at_ += count;
  }

  uint64_t* const words_;
  uint32_t at_;
};

/// Runs of the hybrid of run lengths and packed bits, for levels one bit wide; see
/// https://parquet.apache.org/docs/file-format/data-pages/encodings/. Where few cells are null, or
/// few are not, runs are short: a call for each would be most of the work.
class Runs {
 public:
  explicit Runs(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  /// Whether the first one is of `count` ones or more.
  bool BeginsWithOnes(uint32_t count) {
    uint32_t header = 0;
    return ReadVarint(&header).ok() && (header & 1) == 0 && header >> 1 >= count &&
           !bytes_.empty() && bytes_[0] == 1;
  }

  arrow::Status Read(uint32_t count, uint64_t* words, uint32_t begin) {
    BitWriter bits(words, begin);
    while (count > 0) {
      uint32_t header = 0;
      ARROW_RETURN_NOT_OK(ReadVarint(&header));
      uint32_t run = header >> 1;
      if ((header & 1) == 0) {
        run = std::min(run, count);
        if (bytes_.empty()) return TooFew();
        if (bytes_[0] > 1) return arrow::Status::IOError("a page has a definition level above 1");
        bytes_[0] == 1 ? bits.PutOnes(run) : bits.PutZeros(run);
        bytes_ = bytes_.subspan(1);
      } else {  // groups of eight, of which the last may hold fewer
        const size_t size = std::min<size_t>(run, bytes_.size());
        run = static_cast<uint32_t>(std::min<uint64_t>(uint64_t{run} * 8, count));
        if (run > size * 8) return TooFew();
        bits.PutPacked(bytes_.data(), run);
        bytes_ = bytes_.subspan(size);
      }
      count -= run;
    }
    return arrow::Status::OK();
  }

 private:
  arrow::Status ReadVarint(uint32_t* value) {
    for (int shift = 0; shift < 32; shift += 7) {
      if (bytes_.empty()) return TooFew();
      const uint32_t byte = bytes_[0];
      bytes_ = bytes_.subspan(1);
      *value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return arrow::Status::OK();
    }
    return arrow::Status::IOError("a page has a run of definition levels without an end");
  }

  std::span<const uint8_t> bytes_;
};

}  // namespace

bool HasLevelBits(const PageHeader& header) {
  return header.type == parquet::PageType::DATA_PAGE_V2 ||
         header.def_encoding == parquet::Encoding::RLE;
}

std::optional<size_t> SizeOfOnes(const PageHeader& header, std::span<const uint8_t> body) {
  if (header.num_values == 0 || !HasLevelBits(header)) return std::nullopt;
  size_t begin = static_cast<size_t>(header.rep_size);
  size_t size = static_cast<size_t>(header.def_size);
  if (header.type == parquet::PageType::DATA_PAGE) {
    uint32_t stored = 0;
    if (body.size() < sizeof(stored)) return std::nullopt;
    std::memcpy(&stored, body.data(), sizeof(stored));
    begin = sizeof(stored);
    size = stored;
  }
  if (begin > body.size() || size > body.size() - begin) return std::nullopt;
  if (!Runs(body.subspan(begin, size)).BeginsWithOnes(static_cast<uint32_t>(header.num_values))) {
    return std::nullopt;
  }
  return begin + size;
}

arrow::Status DecodeLevelBits(const PageHeader& header, std::span<const uint8_t> body,
                              uint64_t* bits, uint32_t begin) {
  if (header.num_values == 0) return arrow::Status::OK();
  if (header.type == parquet::PageType::DATA_PAGE) {
    uint32_t size = 0;
    if (body.size() < sizeof(size)) return TooFew();
    std::memcpy(&size, body.data(), sizeof(size));
    if (size > body.size() - sizeof(size)) {
      return arrow::Status::IOError("a page is smaller than its levels");
    }
    body = body.subspan(sizeof(size), size);
  }
  return Runs(body).Read(static_cast<uint32_t>(header.num_values), bits, begin);
}

}  // namespace usdparquet
