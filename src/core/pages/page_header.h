#pragma once

/// \file
/// What the header of a page claims, and whether the page can hold it: asked before Arrow, or we,
/// reserve memory for it.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>
#include <arrow/status.h>
#include <parquet/types.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>

#include "core/util/export.h"

namespace usdparquet {

/// The header of a page, as parquet.thrift has it; what the page's kind does not say is 0.
struct PageHeader {
  parquet::PageType::type type = parquet::PageType::UNDEFINED;
  int32_t stored_size = 0;  ///< of the body behind the header
  int32_t size = 0;         ///< of the body, decompressed
  int32_t num_values = 0;
  int32_t num_rows = -1;  ///< -1 if the header does not say
  int32_t def_size = 0;   ///< of the levels of a page of version 2, which are not compressed
  int32_t rep_size = 0;
  bool is_compressed = true;
  int32_t encoding = 0;         ///< of the values, as parquet.thrift numbers them
  int32_t def_encoding = 0;     ///< of the definition levels of a page of version 1
  int32_t rep_encoding = 0;     ///< of its repetition levels
  std::optional<uint32_t> crc;  ///< of the body as it is stored
  uint32_t header_size = 0;

  bool is_data() const {
    return type == parquet::PageType::DATA_PAGE || type == parquet::PageType::DATA_PAGE_V2;
  }

  /// How the values are encoded; UNDEFINED if Parquet has no such encoding.
  parquet::Encoding::type value_encoding() const { return EncodingOf(encoding); }
  static parquet::Encoding::type EncodingOf(int32_t number) {
    return number >= 0 && number < parquet::Encoding::UNDEFINED
               ? static_cast<parquet::Encoding::type>(number)
               : parquet::Encoding::UNDEFINED;
  }

  /// The rows of a data page; -1 if the header does not tell. Old Arrow (6.0 still) wrote the
  /// number of values of pages of lists as that of their rows, so that such a number tells nothing.
  int64_t NumRows(bool has_lists) const {
    if (!has_lists || num_values == 0) return num_values;
    return num_rows < num_values ? num_rows : -1;
  }
};

/// Reads the header at the start of `bytes`. IndexError if they end within it; any other error if
/// it is damaged. Thread-safe.
USDPARQUET_API arrow::Result<PageHeader> ReadPageHeader(std::span<const uint8_t> bytes);

/// Fails if the header claims more than a page of such a column may hold.
USDPARQUET_API arrow::Status CheckPageHeader(const PageHeader& header, bool has_lists);

/// The checksum of a header's bytes that the page locations hold: the low 32 bits of their XXH3.
USDPARQUET_API uint32_t PageHeaderChecksum(std::span<const uint8_t> bytes);

/// Verifies the body of a page, where the header has a checksum of it.
USDPARQUET_API arrow::Status CheckPageBody(const PageHeader& header, std::span<const uint8_t> body);

/// The error of a page at byte `offset` of the file whose header has another checksum.
USDPARQUET_API arrow::Status PageHeaderDamaged(int64_t offset);

/// A page as it is stored.
struct StoredPage {
  PageHeader header;
  std::span<const uint8_t> body;
};

/// Steps through pages that lie in memory one behind the other, and checks what each of them
/// claims, and all so far together. Verifies no checksum.
class USDPARQUET_API PageWalk {
 public:
  /// `bytes` are whole pages of a column with or without lists.
  PageWalk(std::span<const uint8_t> bytes, bool has_lists) : bytes_(bytes), has_lists_(has_lists) {}

  bool is_done() const { return bytes_.empty(); }
  /// The next page, whose body lies in the bytes. REQUIRES: !is_done().
  arrow::Result<StoredPage> Next();

 private:
  std::span<const uint8_t> bytes_;
  const bool has_lists_;
  int64_t values_ = 0;
  int64_t stored_ = 0;
};

/// Reads page headers in [begin, end) one after the other, skipping bodies, up to the data page
/// with the last of `num_values` values. Arrow's reader ends there too.
class USDPARQUET_API PageHeaderScan {
 public:
  PageHeaderScan(arrow::io::RandomAccessFile& file, int64_t begin, int64_t end,
                 int64_t num_values = std::numeric_limits<int64_t>::max())
      : file_(file), position_(begin), end_(end), values_left_(num_values) {}

  bool is_done() const { return position_ >= end_ || values_left_ <= 0; }
  /// Where the next page starts.
  int64_t position() const { return position_; }
  /// The next header. Fails if it is damaged or its page does not end within the range.
  /// REQUIRES: !is_done().
  arrow::Result<PageHeader> Next();
  /// The bytes of the header that Next gave last; valid until it is called again.
  std::span<const uint8_t> header_bytes() const { return header_; }

 private:
  arrow::Result<std::span<const uint8_t>> Window(int64_t size);

  arrow::io::RandomAccessFile& file_;
  int64_t position_;
  const int64_t end_;
  int64_t values_left_;
  std::shared_ptr<arrow::Buffer> window_;
  int64_t window_begin_ = 0;
  int64_t page_size_ = int64_t{1} << 20;  ///< of the last page
  std::span<const uint8_t> header_;
};

/// Looks at what lies in [begin, end), behind the page with a chunk's last value. No reader asks
/// what it is; but if it is a page with values, a header before it lied, which is an IOError.
USDPARQUET_API arrow::Status CheckBehindPages(arrow::io::RandomAccessFile& file, int64_t begin,
                                              int64_t end);

}  // namespace usdparquet
