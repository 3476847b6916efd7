#include "core/pages/level_bits.h"

#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

#include <algorithm>
#include <cstring>

namespace usdparquet {
namespace {

arrow::Status TooFew() { return arrow::Status::IOError("a page has too few definition levels"); }

/// Runs of the hybrid of run lengths and packed bits, for levels one bit wide; see
/// https://parquet.apache.org/docs/file-format/data-pages/encodings/.
class Runs {
 public:
  explicit Runs(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  arrow::Status Read(uint32_t count, uint64_t* words, uint32_t begin) {
    auto* const bits = reinterpret_cast<uint8_t*>(words);
    while (count > 0) {
      uint32_t header = 0;
      ARROW_RETURN_NOT_OK(ReadVarint(&header));
      uint32_t run = header >> 1;
      if ((header & 1) == 0) {
        run = std::min(run, count);
        if (bytes_.empty()) return TooFew();
        if (bytes_[0] > 1) return arrow::Status::IOError("a page has a definition level above 1");
        arrow::bit_util::SetBitsTo(bits, begin, run, bytes_[0] == 1);
        bytes_ = bytes_.subspan(1);
      } else {  // groups of eight, of which the last may hold fewer
        const size_t size = std::min<size_t>(run, bytes_.size());
        run = static_cast<uint32_t>(std::min<uint64_t>(uint64_t{run} * 8, count));
        if (run > size * 8) return TooFew();
        arrow::internal::CopyBitmap(bytes_.data(), 0, run, bits, begin);
        bytes_ = bytes_.subspan(size);
      }
      begin += run;
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
