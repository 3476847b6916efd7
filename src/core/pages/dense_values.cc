#include "core/pages/dense_values.h"

#include <parquet/encoding.h>
#include <parquet/types.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/pages/value_claims.h"
#include "core/schema/value_convert.h"
#include "core/util/block_memory.h"
#include "core/util/limits.h"

namespace usdparquet {
namespace {

bool IsDictionaryEncoding(parquet::Encoding::type encoding) {
  return encoding == parquet::Encoding::RLE_DICTIONARY ||
         encoding == parquet::Encoding::PLAIN_DICTIONARY;
}

arrow::Status ShortPage(int expected, int got) {
  return arrow::Status::IOError("a page promises ", expected, " values, but holds ", got);
}

/// Calls `f` with the Parquet type tag of `physical`.
template <typename F>
arrow::Status VisitPhysical(parquet::Type::type physical, const F& f) {
  switch (physical) {
    case parquet::Type::BOOLEAN:
      return f(parquet::BooleanType{});
    case parquet::Type::INT32:
      return f(parquet::Int32Type{});
    case parquet::Type::INT64:
      return f(parquet::Int64Type{});
    case parquet::Type::INT96:
      return f(parquet::Int96Type{});
    case parquet::Type::FLOAT:
      return f(parquet::FloatType{});
    case parquet::Type::DOUBLE:
      return f(parquet::DoubleType{});
    case parquet::Type::BYTE_ARRAY:
      return f(parquet::ByteArrayType{});
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      return f(parquet::FLBAType{});
    default:
      return arrow::Status::NotImplemented("physical type ", parquet::TypeToString(physical));
  }
}

/// Nanoseconds since 1970; the smallest integer where they do not fit.
int64_t Int96Ticks(const parquet::Int96& value) {
  constexpr int64_t kJulianDayOf1970 = 2440588;
  uint64_t nanoseconds;
  std::memcpy(&nanoseconds, value.value.data(), sizeof(nanoseconds));
  const int64_t days = int64_t{value.value[2]} - kJulianDayOf1970;
  const __int128 ticks = static_cast<__int128>(days) * 86'400'000'000'000 + nanoseconds;
  const bool fits =
      ticks > std::numeric_limits<int64_t>::min() && ticks <= std::numeric_limits<int64_t>::max();
  return fits ? static_cast<int64_t>(ticks) : std::numeric_limits<int64_t>::min();
}

template <typename T>
T* Grow(RawVector<std::byte>* out, size_t count) {
  const size_t before = out->size();
  out->resize(before + count * sizeof(T));
  return reinterpret_cast<T*>(out->data() + before);
}

/// Whether stored values lie in a page as they come out of the decoder.
template <typename Value>
bool IsKeptAsDecoded(const ColumnInfo& column) {
  if (column.conversion != Conversion::kNone) return false;
  if constexpr (std::is_same_v<Value, bool> || std::is_same_v<Value, float> ||
                std::is_same_v<Value, double>) {
    static_assert(sizeof(bool) == 1);
    return true;
  } else if constexpr (std::is_same_v<Value, int32_t> || std::is_same_v<Value, int64_t>) {
    return ScalarSize(column.stored_scalar) == sizeof(Value);
  }
  return false;
}

/// Puts the lower bits of values, as many as Stored has, behind `out`.
template <typename Stored, typename Read, typename Value>
void Narrow(const Value* values, int count, RawVector<std::byte>* out) {
  Read* to = Grow<Read>(out, count);
  for (int i = 0; i < count; ++i) to[i] = static_cast<Stored>(values[i]);
}

/// The dictionary's entries at `indices`, each of the width of T.
template <typename T>
void GatherEntries(const Dictionary& dictionary, const uint32_t* indices, int count,
                   RawVector<std::byte>* out) {
  const T* entries = reinterpret_cast<const T*>(dictionary.values.data());
  T* to = Grow<T>(out, count);
  for (int i = 0; i < count; ++i) to[i] = entries[indices[i]];
}

}  // namespace

bool DenseValues::IsStoredAsRead(const ColumnInfo& column,
                                 const parquet::ColumnDescriptor& descriptor,
                                 parquet::Encoding::type encoding) {
  if (encoding != parquet::Encoding::PLAIN) return false;
  switch (descriptor.physical_type()) {
    case parquet::Type::INT32:
      return IsKeptAsDecoded<int32_t>(column);
    case parquet::Type::INT64:
      return IsKeptAsDecoded<int64_t>(column);
    case parquet::Type::FLOAT:
      return IsKeptAsDecoded<float>(column);
    case parquet::Type::DOUBLE:
      return IsKeptAsDecoded<double>(column);
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:  // a half: two little-endian bytes
      return column.conversion == Conversion::kNone &&
             descriptor.type_length() == sizeof(uint16_t) &&
             ScalarSize(column.stored_scalar) == sizeof(uint16_t);
    default:
      return false;
  }
}

arrow::Status DenseValues::CheckTextSize(size_t more) const {
  if (strings.chars.size() + more <= static_cast<uint64_t>(MaxPageText(encoded_size_))) {
    return arrow::Status::OK();
  }
  return arrow::Status::CapacityError("a page of ", encoded_size_, " bytes holds more than ",
                                      MaxPageText(encoded_size_),
                                      " bytes of text: write the file with smaller pages");
}

arrow::Status DenseValues::AppendText(std::string_view text) {
  ARROW_RETURN_NOT_OK(CheckTextSize(text.size()));
  strings.Append(text);
  return arrow::Status::OK();
}

arrow::Status DenseValues::AppendTexts(std::span<const parquet::ByteArray> texts) {
  size_t more = 0;
  for (const parquet::ByteArray& text : texts) more += text.len;
  ARROW_RETURN_NOT_OK(CheckTextSize(more));
  size_t end = strings.chars.size();
  strings.chars.resize(end + more);
  if (strings.offsets.empty()) strings.offsets.push_back(0);
  const size_t first = strings.offsets.size();
  strings.offsets.resize(first + texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].len > 0) std::memcpy(strings.chars.data() + end, texts[i].ptr, texts[i].len);
    end += texts[i].len;
    strings.offsets[first + i] = static_cast<uint32_t>(end);
  }
  return arrow::Status::OK();
}

template <typename Value>
arrow::Status DenseValues::Convert(const Value* values, int count) {
  if constexpr (std::is_same_v<Value, bool> || std::is_same_v<Value, float> ||
                std::is_same_v<Value, double>) {
    return arrow::Status::NotImplemented("these are kept as they are decoded");
  } else if constexpr (std::is_same_v<Value, parquet::ByteArray>) {
    if (column_.conversion == Conversion::kDecimal) {
      auto* out = Grow<double>(&fixed, count);
      for (int i = 0; i < count; ++i) {
        if (values[i].len < 1 || values[i].len > 32) {
          return arrow::Status::IOError("a decimal of ", values[i].len, " bytes");
        }
        out[i] = DecimalToDouble(values[i].ptr, static_cast<int32_t>(values[i].len),
                                 column_.decimal_scale);
      }
      return arrow::Status::OK();
    }
    return AppendTexts({values, static_cast<size_t>(count)});
  } else if constexpr (std::is_same_v<Value, parquet::FixedLenByteArray>) {
    const int length = descriptor_.type_length();
    if (column_.conversion == Conversion::kDecimal) {
      if (length < 1 || length > 32)
        return arrow::Status::IOError("a decimal of ", length, " bytes");
      auto* out = Grow<double>(&fixed, count);
      for (int i = 0; i < count; ++i) {
        out[i] = DecimalToDouble(values[i].ptr, length, column_.decimal_scale);
      }
      return arrow::Status::OK();
    }
    if (length != sizeof(uint16_t)) return arrow::Status::IOError("a half of ", length, " bytes");
    auto* out = Grow<uint16_t>(&fixed, count);  // a half: two little-endian bytes
    for (int i = 0; i < count; ++i) std::memcpy(out + i, values[i].ptr, sizeof(uint16_t));
    return arrow::Status::OK();
  } else if constexpr (std::is_same_v<Value, parquet::Int96>) {
    if (column_.conversion == Conversion::kNone) {  // of a time column
      auto* out = Grow<int64_t>(&fixed, count);
      for (int i = 0; i < count; ++i) out[i] = Int96Ticks(values[i]);
      return arrow::Status::OK();
    }
    char text[kMaxTimeText];
    for (int i = 0; i < count; ++i) {
      const int64_t ticks = parquet::Int96GetNanoSeconds(values[i]);
      ARROW_RETURN_NOT_OK(
          AppendText({text, static_cast<size_t>(FormatTimestamp(ticks, 9, column_.is_utc, text))}));
    }
    return arrow::Status::OK();
  } else {
    static_assert(std::is_same_v<Value, int32_t> || std::is_same_v<Value, int64_t>);
    char text[kMaxTimeText];
    const int digits = column_.ticks_per_second_log10;
    switch (column_.conversion) {
      case Conversion::kNone:
        break;
      case Conversion::kNarrow8:
        Narrow<int8_t, int32_t>(values, count, &fixed);
        return arrow::Status::OK();
      case Conversion::kNarrow16:
        column_.stored_scalar == Scalar::kInt ? Narrow<int16_t, int32_t>(values, count, &fixed)
                                              : Narrow<uint16_t, uint32_t>(values, count, &fixed);
        return arrow::Status::OK();
      case Conversion::kDecimal: {
        auto* out = Grow<double>(&fixed, count);
        for (int i = 0; i < count; ++i)
          out[i] = DecimalToDouble(int64_t{values[i]}, column_.decimal_scale);
        return arrow::Status::OK();
      }
      case Conversion::kDate:
      case Conversion::kTime:
      case Conversion::kTimestamp:
        for (int i = 0; i < count; ++i) {
          const int length = column_.conversion == Conversion::kDate ? FormatDate(values[i], text)
                             : column_.conversion == Conversion::kTime
                                 ? FormatTime(values[i], digits, text)
                                 : FormatTimestamp(values[i], digits, column_.is_utc, text);
          ARROW_RETURN_NOT_OK(AppendText({text, static_cast<size_t>(length)}));
        }
        return arrow::Status::OK();
    }
    auto* out = Grow<uint8_t>(&fixed, count);  // of integers, only uchar is narrower than stored
    for (int i = 0; i < count; ++i) out[i] = static_cast<uint8_t>(values[i]);
    return arrow::Status::OK();
  }
}

arrow::Status DenseValues::Materialize() {
  for (uint32_t code : codes) ARROW_RETURN_NOT_OK(AppendText(dictionary->strings[code]));
  codes.clear();
  return arrow::Status::OK();
}

/// Decodes and converts some values at a time: what is in between is larger than what is stored.
/// `size` is that of the section.
template <typename Decoder, typename Value>
arrow::Status DenseValues::DecodeAndConvert(Decoder& decoder, int64_t size, int count) {
  constexpr int64_t kMostAtOnce = 4096, kMostText = int64_t{16} << 20;
  const auto values =
      std::make_unique_for_overwrite<Value[]>(std::min<int64_t>(count, kMostAtOnce));
  int64_t last_length = 0;
  for (int done = 0; done < count;) {
    int64_t at_once = std::min<int64_t>(count - done, kMostAtOnce);
    if constexpr (std::is_same_v<Value, parquet::ByteArray>) {
      if (decoder.encoding() == parquet::Encoding::DELTA_BYTE_ARRAY) {
        // Each value can be as long as the one before and all that is stored.
        at_once = std::min(at_once, std::max<int64_t>(kMostText / (last_length + size + 1), 1));
      }
    }
    const int got = decoder.Decode(values.get(), static_cast<int>(at_once));
    if (got != at_once) return ShortPage(count, done + got);
    ARROW_RETURN_NOT_OK(Convert(values.get(), got));
    if constexpr (std::is_same_v<Value, parquet::ByteArray>) last_length = values[got - 1].len;
    done += got;
  }
  return arrow::Status::OK();
}

template <typename DType>
arrow::Status DenseValues::AppendTyped(parquet::Encoding::type encoding, const uint8_t* data,
                                       int size, int num_levels, int count) {
  using Value = typename DType::c_type;
  if (IsDictionaryEncoding(encoding)) {
    if (!dictionary) return arrow::Status::IOError("a page needs a dictionary that is not there");
    auto decoder = parquet::MakeDictDecoder<DType>(&descriptor_, BlockPool());
    decoder->SetData(num_levels, data, size);
    // Decoded where the codes of strings are kept; other types need them for a moment.
    RawVector<uint32_t> own;
    RawVector<uint32_t>& indices = is_string() && strings.size() == 0 ? codes : own;
    const size_t before = indices.size();
    indices.resize(before + count);
    uint32_t* const decoded = indices.data() + before;
    const int got = decoder->DecodeIndices(count, reinterpret_cast<int32_t*>(decoded));
    if (got != count) return ShortPage(count, got);
    uint32_t largest = 0;  // a negative index is larger still
    for (int i = 0; i < count; ++i) largest = std::max(largest, decoded[i]);
    if (count > 0 && largest >= dictionary->size) {
      return arrow::Status::IOError("a page refers to entry ", largest, " of a dictionary of ",
                                    dictionary->size);
    }
    if (is_string()) {
      if (&indices == &codes) return arrow::Status::OK();
      for (uint32_t index : indices) ARROW_RETURN_NOT_OK(AppendText(dictionary->strings[index]));
      return arrow::Status::OK();
    }
    switch (ScalarSize(column_.stored_scalar)) {
      case 1:
        GatherEntries<uint8_t>(*dictionary, decoded, count, &fixed);
        break;
      case 2:
        GatherEntries<uint16_t>(*dictionary, decoded, count, &fixed);
        break;
      case 4:
        GatherEntries<uint32_t>(*dictionary, decoded, count, &fixed);
        break;
      default:
        GatherEntries<uint64_t>(*dictionary, decoded, count, &fixed);
    }
    return arrow::Status::OK();
  }
  if (!codes.empty()) ARROW_RETURN_NOT_OK(Materialize());
  auto decoder = parquet::MakeTypedDecoder<DType>(encoding, &descriptor_, BlockPool());
  decoder->SetData(num_levels, data, size);
  if (IsKeptAsDecoded<Value>(column_)) {
    const int got = decoder->Decode(Grow<Value>(&fixed, count), count);
    return got == count ? arrow::Status::OK() : ShortPage(count, got);
  }
  return DecodeAndConvert<parquet::TypedDecoder<DType>, Value>(*decoder, size, count);
}

arrow::Status DenseValues::Append(parquet::Encoding::type encoding, const uint8_t* data, int size,
                                  int num_levels, int count,
                                  const std::shared_ptr<const Dictionary>& chunk_dictionary) {
  dictionary = chunk_dictionary;
  encoded_size_ += size;
  if (count == 0) return arrow::Status::OK();
  ARROW_RETURN_NOT_OK(CheckValueClaims(
      descriptor_, encoding, std::span(data, static_cast<size_t>(size)), num_levels, count));
  ARROW_RETURN_NOT_OK(VisitPhysical(descriptor_.physical_type(), [&](auto type) {
    return AppendTyped<decltype(type)>(encoding, data, size, num_levels, count);
  }));
  size_ += count;
  return arrow::Status::OK();
}

bool DenseValues::AppendStored(parquet::Encoding::type encoding, const uint8_t* data, int size,
                               int num_levels, int count) {
  if (!is_string() || column_.conversion != Conversion::kNone || count == 0 ||
      descriptor_.physical_type() != parquet::Type::BYTE_ARRAY) {
    return false;
  }
  const std::span section(data, static_cast<size_t>(size));
  RawVector<uint32_t> offsets;
  if (encoding == parquet::Encoding::PLAIN) {
    if (!CheckValueClaims(descriptor_, encoding, section, num_levels, count).ok()) return false;
    constexpr uint32_t kLength = sizeof(uint32_t);  // before each text
    offsets.resize(static_cast<size_t>(count) + 1);
    size_t at = 0;
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      uint32_t length = 0;
      if (section.size() - at < kLength) return false;
      std::memcpy(&length, data + at, kLength);
      at += kLength;
      offsets[i] = static_cast<uint32_t>(at);
      if (length > section.size() - at) return false;
      at += length;
    }
    offsets.back() = static_cast<uint32_t>(at + kLength);
    strings.gap = kLength;
    strings.stored = reinterpret_cast<const char*>(data);
  } else if (encoding == parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY) {
    const auto lengths = ReadLengths(section, num_levels, count);
    if (!lengths.ok()) return false;
    offsets.resize(static_cast<size_t>(count) + 1);
    size_t at = 0;
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      offsets[i] = static_cast<uint32_t>(at);
      at += static_cast<uint32_t>(lengths->values[i]);
      if (at > lengths->rest.size()) return false;
    }
    offsets.back() = static_cast<uint32_t>(at);
    strings.stored = reinterpret_cast<const char*>(lengths->rest.data());
  } else {
    return false;
  }
  strings.offsets = std::move(offsets);
  encoded_size_ = size;
  size_ = static_cast<uint32_t>(count);
  return true;
}

bool DenseValues::HasBadString() const {
  if (codes.empty()) return !strings.IsUtf8();
  return !dictionary->bad_strings.empty() &&
         std::ranges::any_of(codes, [this](uint32_t code) { return dictionary->IsBad(code); });
}

arrow::Result<std::shared_ptr<Dictionary>> DenseValues::DecodeDictionary(
    const ColumnInfo& column, const parquet::ColumnDescriptor& descriptor,
    std::span<const uint8_t> body, int count, bool may_stay) {
  DenseValues values(column, descriptor);
  const int size = static_cast<int>(body.size());
  if (!may_stay ||
      !values.AppendStored(parquet::Encoding::PLAIN, body.data(), size, count, count)) {
    ARROW_RETURN_NOT_OK(
        values.Append(parquet::Encoding::PLAIN, body.data(), size, count, count, nullptr));
  }
  auto dictionary = std::make_shared<Dictionary>();
  dictionary->size = static_cast<uint32_t>(count);
  dictionary->values = std::move(values.fixed);
  dictionary->strings = std::move(values.strings);
  dictionary->strings.chars.shrink_to_fit();
  dictionary->has_nul = dictionary->strings.HasNul();
  if (values.is_stored_text() && !dictionary->strings.IsUtf8()) {
    for (uint32_t i = 0; i < dictionary->size; ++i) {
      if (!IsUtf8(dictionary->strings[i])) dictionary->bad_strings.push_back(i);
    }
  }
  return dictionary;
}

}  // namespace usdparquet
