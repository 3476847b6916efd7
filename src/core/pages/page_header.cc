#include "core/pages/page_header.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <initializer_list>

#include "core/util/crc32.h"
#include "core/util/limits.h"
#include "core/util/path_hash.h"
#include "core/util/thrift_reader.h"

namespace usdparquet {
namespace {

using Type = ThriftReader::Type;

/// Reads a struct whose fields 1, 2, ... are `numbers`, all of which Parquet requires: Arrow would
/// throw. `other(id, type)` reads other fields, or returns false for those to skip.
template <typename F>
void ReadNumbers(ThriftReader* reader, std::initializer_list<int32_t*> numbers, const F& other) {
  uint32_t missing = (1u << numbers.size()) - 1;
  reader->ReadStruct([&](int16_t id, Type type) {
    const bool is_number = id >= 1 && static_cast<size_t>(id) <= numbers.size();
    if (!is_number || type != Type::kI32) return other(id, type);
    *numbers.begin()[id - 1] = reader->ReadI32();
    missing &= ~(1u << (id - 1));
    return true;
  });
  if (missing != 0) reader->Reject();
}

/// The parts of a header that depend on the kind of page.
bool ReadKind(ThriftReader* reader, int16_t id, PageHeader* data, PageHeader* dictionary,
              PageHeader* data_v2) {
  constexpr int16_t kData = 5, kDictionary = 7, kDataV2 = 8, kIsCompressed = 7;
  const auto no_other = [](int16_t, Type) { return false; };
  int32_t unused = 0;
  switch (id) {
    case kData:
      ReadNumbers(reader,
                  {&data->num_values, &data->encoding, &data->def_encoding, &data->rep_encoding},
                  no_other);
      return true;
    case kDictionary:
      ReadNumbers(reader, {&dictionary->num_values, &dictionary->encoding}, no_other);
      return true;
    case kDataV2:  // the second is the number of nulls
      ReadNumbers(reader,
                  {&data_v2->num_values, &unused, &data_v2->num_rows, &data_v2->encoding,
                   &data_v2->def_size, &data_v2->rep_size},
                  [&](int16_t field, Type type) {
                    if (field != kIsCompressed) return false;
                    if (type != Type::kTrue && type != Type::kFalse) return false;
                    data_v2->is_compressed = type == Type::kTrue;
                    return true;
                  });
      return true;
    default:
      return false;
  }
}

arrow::Status TooManyValues(int64_t values, int64_t stored, bool has_lists) {
  return arrow::Status::CapacityError(
      "a page of ", stored, " bytes claims ", values, has_lists ? " values" : " rows",
      ", more than ", MaxPageValues(stored, has_lists), ": write the file with smaller pages");
}

}  // namespace

arrow::Result<PageHeader> ReadPageHeader(std::span<const uint8_t> bytes) {
  ThriftReader reader(bytes.first(std::min(bytes.size(), kMaxPageHeader)));
  PageHeader header, data, data_v2, dictionary;
  int32_t type = -1;
  ReadNumbers(&reader, {&type, &header.size, &header.stored_size}, [&](int16_t id, Type field) {
    constexpr int16_t kCrc = 4;
    if (id == kCrc && field == Type::kI32) {
      header.crc = static_cast<uint32_t>(reader.ReadI32());
      return true;
    }
    return field == Type::kStruct && ReadKind(&reader, id, &data, &dictionary, &data_v2);
  });
  if (reader.failure() == ThriftReader::Failure::kEnd && bytes.size() < kMaxPageHeader) {
    return arrow::Status::IndexError("a page ends within its header");
  }
  if (!reader.ok() || type < 0) return arrow::Status::IOError("a page header is damaged");
  header.type = type < parquet::PageType::UNDEFINED ? static_cast<parquet::PageType::type>(type)
                                                    : parquet::PageType::UNDEFINED;
  header.header_size = static_cast<uint32_t>(reader.position());
  const auto take = [&header](const PageHeader& kind) {
    header.num_values = kind.num_values;
    header.num_rows = kind.num_rows;
    header.def_size = kind.def_size;
    header.rep_size = kind.rep_size;
    header.is_compressed = kind.is_compressed;
    header.encoding = kind.encoding;
    header.def_encoding = kind.def_encoding;
    header.rep_encoding = kind.rep_encoding;
  };
  if (header.type == parquet::PageType::DATA_PAGE) take(data);
  if (header.type == parquet::PageType::DATA_PAGE_V2) take(data_v2);
  if (header.type == parquet::PageType::DICTIONARY_PAGE) take(dictionary);
  return header;
}

arrow::Status CheckPageBody(const PageHeader& header, std::span<const uint8_t> body) {
  if (!header.crc || Crc32(body) == *header.crc) {
    return arrow::Status::OK();
  }
  return arrow::Status::IOError(
      "a page is damaged: its checksum is another one; copy the file again from its source, or "
      "save what is left with 'usdparquet recover'");
}

arrow::Status CheckPageHeader(const PageHeader& header, bool has_lists) {
  if (header.stored_size < 0 || header.size < 0 || header.num_values < 0 || header.num_rows < -1) {
    return arrow::Status::IOError("a page header has a negative size");
  }
  if (header.size > MaxPageSize(header.stored_size)) {
    return arrow::Status::CapacityError(
        "a page of ", header.stored_size, " bytes claims to hold ", header.size, ", more than ",
        MaxPageSize(header.stored_size), ": write the file with smaller pages");
  }
  // That it does not say is of version 1. Its checksum is of the body alone.
  if (header.type == parquet::PageType::DATA_PAGE_V2 && header.num_rows < 0) {
    return arrow::Status::IOError("a page header has a negative number of rows");
  }
  if (header.def_size < 0 || header.rep_size < 0 ||
      int64_t{header.def_size} + header.rep_size > std::min(header.size, header.stored_size)) {
    return arrow::Status::IOError("a page is smaller than its levels");
  }
  if (header.num_rows > header.num_values) {
    return arrow::Status::IOError("a page has more rows than values");
  }
  if (!has_lists && header.num_rows >= 0 && header.num_rows != header.num_values) {
    return arrow::Status::IOError("a page has ", header.num_rows, " rows, but ", header.num_values,
                                  " values");
  }
  if (header.type == parquet::PageType::DICTIONARY_PAGE) {
    if (header.encoding != parquet::Encoding::PLAIN &&
        header.encoding != parquet::Encoding::PLAIN_DICTIONARY) {
      return arrow::Status::IOError(
          "a dictionary page has the encoding ",
          parquet::EncodingToString(static_cast<parquet::Encoding::type>(header.encoding)),
          ", which it can't have");
    }
    // No dictionary entry takes less than a byte.
    if (header.num_values > header.size) {
      return arrow::Status::IOError("a dictionary of ", header.size, " bytes claims ",
                                    header.num_values, " entries");
    }
  } else if (header.num_values > MaxPageValues(header.stored_size, has_lists)) {
    return TooManyValues(header.num_values, header.stored_size, has_lists);
  }
  return arrow::Status::OK();
}

uint32_t PageHeaderChecksum(std::span<const uint8_t> bytes) {
  return static_cast<uint32_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

arrow::Status PageHeaderDamaged(int64_t offset) {
  return arrow::Status::IOError("the header of the page at byte ", offset,
                                " is damaged: its checksum is another one");
}

arrow::Result<StoredPage> PageWalk::Next() {
  StoredPage page;
  ARROW_ASSIGN_OR_RAISE(page.header, ReadPageHeader(bytes_));
  ARROW_RETURN_NOT_OK(CheckPageHeader(page.header, has_lists_));
  const auto size = static_cast<size_t>(page.header.stored_size);
  if (page.header.header_size + size > bytes_.size()) {
    return arrow::Status::IOError("a page is cut off");
  }
  page.body = bytes_.subspan(page.header.header_size, size);
  bytes_ = bytes_.subspan(page.header.header_size + size);
  if (!page.header.is_data()) return page;
  values_ += page.header.num_values;
  stored_ += page.header.stored_size;
  if (values_ > MaxPageValues(stored_, has_lists_)) {
    return TooManyValues(values_, stored_, has_lists_);
  }
  return page;
}

arrow::Result<std::span<const uint8_t>> PageHeaderScan::Window(int64_t size) {
  size = std::min(size, end_ - position_);
  const int64_t skipped = position_ - window_begin_;
  if (!window_ || skipped < 0 || skipped + size > window_->size()) {
    // More than is needed where small pages follow each other closely, so that a read brings many.
    // Of larger ones the header alone: to copy the rest takes longer than to ask once more.
    constexpr int64_t kSmallPage = 2 << 10, kAhead = 64 << 10;
    const int64_t ahead = page_size_ <= kSmallPage ? kAhead : 0;
    const int64_t wanted = std::min(std::max(size, ahead), end_ - position_);
    ARROW_ASSIGN_OR_RAISE(window_, file_.ReadAt(position_, wanted));
    if (window_->size() != wanted) {
      return arrow::Status::IOError("the file ends within a page at byte ", position_);
    }
    window_begin_ = position_;
  }
  return std::span(window_->data(), static_cast<size_t>(window_->size()))
      .subspan(static_cast<size_t>(position_ - window_begin_));
}

arrow::Result<PageHeader> PageHeaderScan::Next() {
  for (int64_t size = 256;; size *= 8) {
    ARROW_ASSIGN_OR_RAISE(const auto bytes, Window(size));
    auto header = ReadPageHeader(bytes);
    if (!header.ok() && header.status().IsIndexError() && size < end_ - position_) continue;
    ARROW_RETURN_NOT_OK(header.status());
    const int64_t page = int64_t{header->header_size} + header->stored_size;
    if (header->stored_size < 0 || page > end_ - position_) {
      return arrow::Status::IOError("a page at byte ", position_, " is cut off");
    }
    header_ = bytes.first(header->header_size);
    position_ += page;
    page_size_ = page;
    if (header->is_data()) values_left_ -= std::max(header->num_values, 0);
    return header;
  }
}

arrow::Status CheckBehindPages(arrow::io::RandomAccessFile& file, int64_t begin, int64_t end) {
  for (PageHeaderScan scan(file, begin, end); !scan.is_done();) {
    const int64_t offset = scan.position();
    const auto header = scan.Next();
    if (!header.ok()) break;
    if (!header->is_data() || header->num_values <= 0) continue;
    return arrow::Status::IOError(
        "its pages hold more values than the footer says: a page at byte ", offset, " has ",
        header->num_values, " more");
  }
  return arrow::Status::OK();
}

}  // namespace usdparquet
