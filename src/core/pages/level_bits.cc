#include "core/pages/level_bits.h"

#include <algorithm>
#include <cstring>

#include "core/pages/sized_levels.h"

namespace usdparquet {
namespace {

arrow::Status TooFew() { return arrow::Status::IOError("a page has too few definition levels"); }

arrow::Status Endless() {
  return arrow::Status::IOError("a page has a run of definition levels without an end");
}

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
    const auto header = TakeVarint(&bytes_);
    return header && (*header & 1) == 0 && *header >> 1 >= count && !bytes_.empty() &&
           bytes_[0] == 1;
  }

  arrow::Status Read(uint32_t count, uint64_t* words, uint32_t begin) {
    BitWriter bits(words, begin);
    while (count > 0) {
      const auto header = TakeVarint(&bytes_);
      if (!header) return bytes_.empty() ? TooFew() : Endless();
      uint32_t run = *header >> 1;
      if ((*header & 1) == 0) {
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
  std::span<const uint8_t> bytes_;
};

}  // namespace

bool HasLevelBits(const PageHeader& header) {
  return header.type == parquet::PageType::DATA_PAGE_V2 ||
         header.def_encoding == parquet::Encoding::RLE;
}

std::optional<size_t> SizeOfOnes(const PageHeader& header, std::span<const uint8_t> body) {
  if (header.num_values == 0 || !HasLevelBits(header)) return std::nullopt;
  std::span<const uint8_t> values = body;
  std::optional<std::span<const uint8_t>> levels;
  if (header.type == parquet::PageType::DATA_PAGE) {
    levels = TakeSized(&values);
  } else {
    const auto rep_size = static_cast<size_t>(header.rep_size);
    const auto def_size = static_cast<size_t>(header.def_size);
    if (rep_size + def_size > body.size()) return std::nullopt;
    levels = body.subspan(rep_size, def_size);
    values = body.subspan(rep_size + def_size);
  }
  if (!levels || !Runs(*levels).BeginsWithOnes(static_cast<uint32_t>(header.num_values))) {
    return std::nullopt;
  }
  return body.size() - values.size();
}

arrow::Status DecodeLevelBits(const PageHeader& header, std::span<const uint8_t> body,
                              uint64_t* bits, uint32_t begin) {
  if (header.num_values == 0) return arrow::Status::OK();
  if (header.type == parquet::PageType::DATA_PAGE) {
    const auto levels = TakeSized(&body);
    if (!levels) return arrow::Status::IOError("a page is smaller than its levels");
    body = *levels;
  }
  return Runs(body).Read(static_cast<uint32_t>(header.num_values), bits, begin);
}

}  // namespace usdparquet
