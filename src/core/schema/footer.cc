#include "core/schema/footer.h"

#include <arrow/memory_pool.h>
#include <parquet/properties.h>
#include <parquet/types.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "core/util/guard.h"
#include "core/util/limits.h"
#include "core/util/message_text.h"
#include "core/util/thrift_reader.h"

namespace usdparquet {
namespace {

using Type = ThriftReader::Type;

/// What the schema says of a leaf column.
struct Leaf {
  int32_t type = -1;  ///< as parquet.thrift numbers them
  int32_t type_length = 0;
};

struct SchemaElement {
  std::string_view name;
  int32_t num_children = 0;
  Leaf leaf;
};

/// Walks the Thrift of a footer.
class FooterWalk {
 public:
  explicit FooterWalk(const FooterBytes& footer)
      : offset_(footer.offset), bytes_(footer.span()), reader_(bytes_) {}

  arrow::Result<std::vector<BadStatistics>> Run() {
    constexpr int16_t kSchema = 2, kRowGroups = 4;
    arrow::Status status;
    reader_.ReadStruct([&](int16_t id, Type type) {
      if ((id != kSchema && id != kRowGroups) || type != Type::kList) return false;
      reader_.ReadList([&](Type element, size_t count) {
        status = id == kSchema ? ReadSchema(element, count) : ReadRowGroups(element, count);
      });
      if (!status.ok()) reader_.Reject();
      return true;
    });
    ARROW_RETURN_NOT_OK(status);
    if (!reader_.ok()) return arrow::Status::IOError("its footer can't be parsed");
    return std::move(bad_);
  }

 private:
  /// Reads the schema, whose elements are listed parents first.
  arrow::Status ReadSchema(Type type, size_t count) {
    struct Group {
      int32_t remaining;   // children to come
      size_t name_length;  // of the full name, with a separator behind
    };
    if (type != Type::kStruct) return arrow::Status::IOError("its schema is damaged");
    std::vector<Group> open;
    size_t all_names = 0;
    for (size_t i = 0; i < count && reader_.ok(); ++i) {
      const SchemaElement element = ReadElement();
      if (element.num_children < 0) return arrow::Status::IOError("its schema is damaged");
      size_t length = 0;
      if (i > 0) {  // the root's name counts nowhere
        while (!open.empty() && open.back().remaining == 0) open.pop_back();
        if (open.empty()) continue;  // below no group: Arrow stops before it
        --open.back().remaining;
        length = open.back().name_length + element.name.size();
        if (length > kMaxColumnName) {
          return arrow::Status::CapacityError("the column ", QuotedValue(element.name),
                                              " has a name of ", length, " bytes, and ",
                                              kMaxColumnName, " are read: shorten it");
        }
      }
      if (element.num_children == 0) {
        all_names += length;
        leaves_.push_back(element.leaf);
      } else {
        open.push_back({element.num_children, i == 0 ? 0 : length + 1});
      }
      if (open.size() > kMaxSchemaDepth + 1) {
        return arrow::Status::CapacityError("its schema has more than ", kMaxSchemaDepth,
                                            " groups within each other: flatten it");
      }
      if (leaves_.size() > kMaxColumns) {
        return arrow::Status::CapacityError("the file has more than ", kMaxColumns,
                                            " columns: split it");
      }
      if (all_names > kMaxColumnNames) {
        return arrow::Status::CapacityError("the names of its columns have more than ",
                                            kMaxColumnNames, " bytes together: shorten them");
      }
    }
    return arrow::Status::OK();
  }

  SchemaElement ReadElement() {
    constexpr int16_t kType = 1, kTypeLength = 2, kName = 4, kChildren = 5;
    SchemaElement element;
    reader_.ReadStruct([&](int16_t id, Type type) {
      if (id == kName && type == Type::kBinary) {
        element.name = reader_.ReadBinary();
        return true;
      }
      int32_t* const number = id == kType         ? &element.leaf.type
                              : id == kTypeLength ? &element.leaf.type_length
                              : id == kChildren   ? &element.num_children
                                                  : nullptr;
      if (!number || type != Type::kI32) return false;
      *number = reader_.ReadI32();
      return true;
    });
    return element;
  }

  arrow::Status ReadRowGroups(Type type, size_t count) {
    constexpr int16_t kColumns = 1;
    if (count > kMaxRowGroups) {
      return arrow::Status::CapacityError("the file has ", count, " row groups, and ",
                                          kMaxRowGroups, " are read: write it with larger ones");
    }
    for (size_t group = 0; group < count && reader_.ok(); ++group) {
      if (type != Type::kStruct) {
        reader_.Skip(type, true);
        continue;
      }
      reader_.ReadStruct([&](int16_t id, Type field) {
        if (id != kColumns || field != Type::kList) return false;
        reader_.ReadList([&](Type element, size_t chunks) {
          for (size_t leaf = 0; leaf < chunks && reader_.ok(); ++leaf) {
            element == Type::kStruct ? ReadChunk(group, leaf) : reader_.Skip(element, true);
          }
        });
        return true;
      });
    }
    return arrow::Status::OK();
  }

  void ReadChunk(size_t group, size_t leaf) {
    constexpr int16_t kMetaData = 3;
    reader_.ReadStruct([&](int16_t id, Type field) {
      if (id != kMetaData || field != Type::kStruct) return false;
      ReadMetaData(group, leaf);
      return true;
    });
  }

  void ReadMetaData(size_t group, size_t leaf) {
    constexpr int16_t kType = 1, kStatistics = 12;
    int32_t type = -1;
    size_t begin = 0, value = 0, end = 0;
    Sizes sizes;
    reader_.ReadStruct([&](int16_t id, Type field) {
      if (id == kType && field == Type::kI32) {
        type = reader_.ReadI32();
        return true;
      }
      if (id != kStatistics || field != Type::kStruct) return false;
      begin = reader_.field_position();
      value = reader_.position();
      sizes = ReadStatistics();
      end = reader_.position();
      return true;
    });
    if (!reader_.ok() || leaf >= leaves_.size() || end == 0) return;
    const Leaf& column = leaves_[leaf];
    const auto size = SizeOfValue(column);
    const bool has_type = type == column.type;
    const bool has_bounds = sizes.smallest <= sizes.largest;
    const bool has_size = !size || (sizes.smallest == *size && sizes.largest == *size);
    if (has_type && (!has_bounds || has_size)) return;
    const bool is_shortened =
        has_type && column.type == parquet::Type::FIXED_LEN_BYTE_ARRAY && sizes.largest <= *size;
    bad_.push_back({static_cast<int>(group), static_cast<int>(leaf), is_shortened,
                    offset_ + static_cast<int64_t>(begin),
                    AsText(bytes_.subspan(begin, end - begin), value - begin)});
  }

  /// The bytes of a field, whose value begins at `value`, as those of a text: readers skip a field
  /// that has another type than they look for.
  static std::string AsText(std::span<const uint8_t> field, size_t value) {
    std::string text(field.begin(), field.begin() + static_cast<ptrdiff_t>(value));
    text[0] = static_cast<char>((text[0] & 0xf0) | static_cast<int>(Type::kBinary));
    const size_t length_size = field.size() - value <= 128 ? 1 : 5;
    size_t length = field.size() - value - length_size;
    for (size_t i = 1; i < length_size; ++i, length >>= 7) {
      text += static_cast<char>(length | 0x80);
    }
    text += static_cast<char>(length);
    text.resize(field.size(), '\0');
    return text;
  }

  /// Of the smallest and of the largest of the bounds in statistics.
  struct Sizes {
    size_t smallest = std::numeric_limits<size_t>::max();
    size_t largest = 0;
  };

  Sizes ReadStatistics() {
    constexpr int16_t kMax = 1, kMin = 2, kMaxValue = 5, kMinValue = 6;
    Sizes sizes;
    reader_.ReadStruct([&](int16_t id, Type field) {
      const bool is_bound = id == kMax || id == kMin || id == kMaxValue || id == kMinValue;
      if (!is_bound || field != Type::kBinary) return false;
      const size_t size = reader_.ReadBinary().size();
      sizes = {std::min(sizes.smallest, size), std::max(sizes.largest, size)};
      return true;
    });
    return sizes;
  }

  /// The size of a value in statistics; nothing if values have any size.
  static std::optional<size_t> SizeOfValue(const Leaf& leaf) {
    switch (leaf.type) {
      case parquet::Type::BOOLEAN:
        return 1;
      case parquet::Type::INT32:
      case parquet::Type::FLOAT:
        return 4;
      case parquet::Type::INT64:
      case parquet::Type::DOUBLE:
        return 8;
      case parquet::Type::INT96:
        return 12;
      case parquet::Type::FIXED_LEN_BYTE_ARRAY:
        return static_cast<size_t>(std::max(leaf.type_length, 0));
      default:
        return std::nullopt;
    }
  }

  const int64_t offset_;
  const std::span<const uint8_t> bytes_;
  ThriftReader reader_;
  std::vector<Leaf> leaves_;
  std::vector<BadStatistics> bad_;
};

}  // namespace

arrow::Result<std::vector<BadStatistics>> CheckFooter(const FooterBytes& footer) {
  return FooterWalk(footer).Run();
}

arrow::Result<ParsedFooter> ParseFooter(const FooterBytes& footer) {
  ParsedFooter parsed;
  ARROW_ASSIGN_OR_RAISE(parsed.bad_statistics, CheckFooter(footer));
  std::string text;  // only where something changes
  if (!parsed.bad_statistics.empty()) text = footer.bytes->ToString();
  for (const BadStatistics& bad : parsed.bad_statistics) {
    text.replace(static_cast<size_t>(bad.offset - footer.offset), bad.replacement.size(),
                 bad.replacement);
  }
  const void* const bytes =
      text.empty() ? footer.bytes->data() : static_cast<const void*>(text.data());
  const auto parse = [&]() -> arrow::Status {
    auto length = static_cast<uint32_t>(footer.bytes->size());
    parsed.metadata = parquet::FileMetaData::Make(
        bytes, &length, parquet::ReaderProperties(arrow::system_memory_pool()));
    return arrow::Status::OK();
  };
  const arrow::Status status = Guarded(parse);
  // What Thrift says is of no use to the owner of the file.
  if (status.message().find("thrift") != std::string::npos) {
    return arrow::Status::IOError("its footer can't be parsed");
  }
  ARROW_RETURN_NOT_OK(status);
  return parsed;
}

arrow::Result<FooterBytes> ReadFooter(arrow::io::RandomAccessFile& file) {
  constexpr int64_t kTail = 8;  // the footer's length and the magic bytes
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file.GetSize());
  uint8_t tail[kTail] = {};
  if (size < kTail + 4) return arrow::Status::IOError("the file is too short for a footer");
  ARROW_ASSIGN_OR_RAISE(const int64_t read, file.ReadAt(size - kTail, kTail, tail));
  const int64_t length =
      int64_t{tail[0]} | int64_t{tail[1]} << 8 | int64_t{tail[2]} << 16 | int64_t{tail[3]} << 24;
  if (read != kTail || length > size - kTail - 4) {
    return arrow::Status::IOError("its footer is said to be ", length,
                                  " bytes long, but the file has ", size);
  }
  FooterBytes footer;
  footer.offset = size - kTail - length;
  ARROW_ASSIGN_OR_RAISE(footer.bytes, file.ReadAt(footer.offset, length));
  if (footer.bytes->size() != length) {
    return arrow::Status::IOError("the file ends within its footer");
  }
  return footer;
}

}  // namespace usdparquet
