#pragma once

/// \file
/// The non-null values of one or more pages, one behind the other, before they
/// are put into rows.

#include <arrow/result.h>
#include <parquet/schema.h>
#include <parquet/types.h>

#include <cstdint>
#include <memory>
#include <span>

#include "core/pages/page.h"
#include "core/schema/schema.h"

namespace usdparquet {

/// Collects decoded values in the layout of `column.stored_scalar`. A date or time
/// that its conversion cannot write is kept as an empty string, which no other date or time is.
class DenseValues {
 public:
  DenseValues(const ColumnInfo& column, const parquet::ColumnDescriptor& descriptor)
      : column_(column), descriptor_(descriptor) {}

  /// Decodes `count` values of a data page's value section. `num_levels` is the page's number of
  /// values with nulls. `dictionary` is that of the chunk, or null if it has none.
  /// Fails or throws parquet::ParquetException on damage, and where the values are more, or their
  /// text is longer, than the section can hold or limits.h allows.
  arrow::Status Append(parquet::Encoding::type encoding, const uint8_t* data, int size,
                       int num_levels, int count,
                       const std::shared_ptr<const Dictionary>& dictionary);

  /// As Append, for texts that need no decoding: they stay in `data`, which whoever has the values
  /// keeps. False, and nothing is changed, where they do need it, or are damaged.
  /// REQUIRES: nothing was appended.
  bool AppendStored(parquet::Encoding::type encoding, const uint8_t* data, int size, int num_levels,
                    int count);

  /// Decodes the `count` entries of a dictionary page, whose decompressed body is `body`. Texts
  /// stay there, if they may and need no decoding.
  static arrow::Result<std::shared_ptr<Dictionary>> DecodeDictionary(
      const ColumnInfo& column, const parquet::ColumnDescriptor& descriptor,
      std::span<const uint8_t> body, int count, bool may_stay);

  /// Whether values of that encoding are stored as they lie in a page, so that they can be read
  /// where they are: PLAIN numbers that need no conversion.
  static bool IsStoredAsRead(const ColumnInfo& column, const parquet::ColumnDescriptor& descriptor,
                             parquet::Encoding::type encoding);

  bool is_string() const { return column_.stored_scalar == Scalar::kString; }
  /// Whether the values are text as it was stored, which may be no UTF-8. (Paths are judged as
  /// paths.)
  bool is_stored_text() const {
    return is_string() && column_.conversion == Conversion::kNone && !column_.is_path;
  }
  uint32_t size() const { return size_; }

  std::string_view String(uint32_t i) const {
    return codes.empty() ? strings[i] : dictionary->strings[codes[i]];
  }

  /// Whether any string is no valid UTF-8. REQUIRES: is_stored_text().
  bool HasBadString() const;
  /// Whether any string has a U+0000; with a dictionary, whether any of its strings has, which need
  /// not be one of these.
  bool MayHaveNul() const { return codes.empty() ? strings.HasNul() : dictionary->has_nul; }
  /// Whether string `i` is no valid UTF-8.
  bool IsBadString(uint32_t i) const {
    return codes.empty() ? !IsUtf8(strings[i]) : dictionary->IsBad(codes[i]);
  }

  RawVector<std::byte> fixed;  ///< all but strings
  /// Strings lie here or in the dictionary: never some in each.
  RawVector<uint32_t> codes;
  std::shared_ptr<const Dictionary> dictionary;
  StringPool strings;

 private:
  template <typename DType>
  arrow::Status AppendTyped(parquet::Encoding::type encoding, const uint8_t* data, int size,
                            int num_levels, int count);
  template <typename Value>
  arrow::Status Convert(const Value* values, int count);
  template <typename Decoder, typename Value>
  arrow::Status DecodeAndConvert(Decoder& decoder, int64_t size, int count);
  arrow::Status AppendText(std::string_view text);
  arrow::Status AppendTexts(std::span<const parquet::ByteArray> texts);
  /// Whether so many bytes of text more are what limits.h allows.
  arrow::Status CheckTextSize(size_t more) const;
  /// Turns codes into strings, when a page without dictionary follows one with.
  arrow::Status Materialize();

  const ColumnInfo& column_;
  const parquet::ColumnDescriptor& descriptor_;
  uint32_t size_ = 0;
  int64_t encoded_size_ = 0;  // of all value sections so far
};

}  // namespace usdparquet
