#include "core/schema/footer_limits.h"

#include <arrow/buffer.h>
#include <arrow/result.h>

#include <vector>

#include "core/util/limits.h"
#include "core/util/message_text.h"
#include "core/util/thrift_reader.h"

namespace usdparquet {
namespace {

using Type = ThriftReader::Type;

// Fields of parquet.thrift.
constexpr int16_t kSchema = 2, kRowGroups = 4;             // of FileMetaData
constexpr int16_t kElementName = 4, kElementChildren = 5;  // of SchemaElement

struct SchemaElement {
  std::string_view name;
  int32_t num_children = 0;
};

SchemaElement ReadElement(ThriftReader* reader) {
  SchemaElement element;
  int16_t id = 0;
  Type type;
  while (reader->NextField(&id, &type)) {
    if (id == kElementName && type == Type::kBinary) {
      element.name = reader->ReadBinary();
    } else if (id == kElementChildren && type == Type::kI32) {
      element.num_children = reader->ReadI32();
    } else {
      reader->Skip(type);
    }
  }
  return element;
}

/// Walks the schema, whose elements are listed parents first.
arrow::Status CheckSchema(ThriftReader* reader, size_t count) {
  struct Group {
    int32_t remaining;   // children to come
    size_t name_length;  // of the full name, with a separator behind
  };
  std::vector<Group> open;
  size_t num_columns = 0, all_names = 0;
  for (size_t i = 0; i < count && reader->ok(); ++i) {
    const SchemaElement element = ReadElement(reader);
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
      ++num_columns;
    } else {
      open.push_back({element.num_children, i == 0 ? 0 : length + 1});
    }
    if (open.size() > kMaxSchemaDepth + 1) {
      return arrow::Status::CapacityError("its schema has more than ", kMaxSchemaDepth,
                                          " groups within each other: flatten it");
    }
    if (num_columns > kMaxColumns) {
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

}  // namespace

arrow::Status CheckFooter(std::span<const uint8_t> footer) {
  ThriftReader reader(footer);
  int16_t id = 0;
  Type type;
  while (reader.NextField(&id, &type)) {
    if (id == kSchema && type == Type::kList) {
      Type element;
      const size_t count = reader.ReadList(&element);
      if (element != Type::kStruct) return arrow::Status::IOError("its schema is damaged");
      ARROW_RETURN_NOT_OK(CheckSchema(&reader, count));
    } else if (id == kRowGroups && type == Type::kList) {
      Type element;
      const size_t count = reader.ReadList(&element);
      if (count > kMaxRowGroups) {
        return arrow::Status::CapacityError("the file has ", count, " row groups, and ",
                                            kMaxRowGroups, " are read: write it with larger ones");
      }
      for (size_t i = 0; i < count && reader.ok(); ++i) reader.Skip(element, true);
    } else {
      reader.Skip(type);
    }
  }
  if (!reader.ok()) return arrow::Status::IOError("its footer can't be parsed");
  return arrow::Status::OK();
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
