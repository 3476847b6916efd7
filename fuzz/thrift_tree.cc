#include "fuzz/thrift_tree.h"

#include <cstring>

namespace usdparquet_fuzz {
namespace {

constexpr int kMaxDepth = 32;
constexpr size_t kMaxItems = 1 << 20;

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  size_t position() const { return position_; }

  ThriftValue Value(ThriftType type, int depth) {
    ThriftValue value;
    value.type = type;
    if (depth > kMaxDepth) ok_ = false;
    if (!ok_) return value;
    switch (type) {
      case ThriftType::kTrue:
      case ThriftType::kFalse:
      case ThriftType::kByte:
        value.number = static_cast<int8_t>(Byte());
        break;
      case ThriftType::kI16:
      case ThriftType::kI32:
      case ThriftType::kI64:
        value.number = Signed();
        break;
      case ThriftType::kDouble: {
        const std::string_view bytes = Take(sizeof(value.number));
        if (ok_) std::memcpy(&value.number, bytes.data(), sizeof(value.number));
        break;
      }
      case ThriftType::kBinary:
        value.bytes = Take(Varint());
        break;
      case ThriftType::kList:
      case ThriftType::kSet:
        ReadList(&value, depth);
        break;
      case ThriftType::kStruct:
        ReadStruct(&value, depth);
        break;
      default:  // Parquet has no maps
        ok_ = false;
    }
    return value;
  }

 private:
  uint8_t Byte() {
    if (position_ >= bytes_.size()) {
      ok_ = false;
      return 0;
    }
    return static_cast<uint8_t>(bytes_[position_++]);
  }

  std::string_view Take(uint64_t size) {
    if (size > bytes_.size() - position_) {
      ok_ = false;
      return {};
    }
    position_ += size;
    return bytes_.substr(position_ - size, size);
  }

  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && ok_; shift += 7) {
      const uint8_t byte = Byte();
      value |= uint64_t{byte & 127u} << shift;
      if (byte < 128) return value;
    }
    ok_ = false;
    return 0;
  }

  int64_t Signed() {
    const uint64_t value = Varint();
    return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }

  void ReadList(ThriftValue* list, int depth) {
    const uint8_t head = Byte();
    const uint64_t count = head >> 4 == 15 ? Varint() : head >> 4;
    list->item_type = static_cast<ThriftType>((head & 15) != 0 ? head & 15 : 12);
    if (count > kMaxItems) ok_ = false;
    for (uint64_t i = 0; i < count && ok_; ++i) {
      list->items.push_back(Value(list->item_type, depth + 1));
    }
  }

  void ReadStruct(ThriftValue* value, int depth) {
    int64_t id = 0;
    while (ok_) {
      const uint8_t head = Byte();
      if (head == 0) return;
      id = head >> 4 != 0 ? id + (head >> 4) : Signed();
      const auto type = static_cast<ThriftType>(head & 15);
      ThriftValue field;
      field.type = type;
      if (!field.is_bool()) field = Value(type, depth + 1);
      value->ids.push_back(static_cast<int16_t>(id));
      value->items.push_back(std::move(field));
    }
  }

  std::string_view bytes_;
  size_t position_ = 0;
  bool ok_ = true;
};

void WriteVarint(uint64_t value, std::string* out) {
  while (value > 127) {
    out->push_back(static_cast<char>((value & 127) | 128));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

void WriteSigned(int64_t value, std::string* out) {
  const auto bits = static_cast<uint64_t>(value);
  WriteVarint((bits << 1) ^ (value < 0 ? ~uint64_t{0} : 0), out);
}

void Write(const ThriftValue& value, std::string* out) {
  switch (value.type) {
    case ThriftType::kTrue:
    case ThriftType::kFalse:
    case ThriftType::kByte:
      out->push_back(static_cast<char>(value.number));
      break;
    case ThriftType::kI16:
    case ThriftType::kI32:
    case ThriftType::kI64:
      WriteSigned(value.number, out);
      break;
    case ThriftType::kDouble:
      out->append(reinterpret_cast<const char*>(&value.number), sizeof(value.number));
      break;
    case ThriftType::kBinary:
      WriteVarint(value.bytes.size(), out);
      out->append(value.bytes);
      break;
    case ThriftType::kList:
    case ThriftType::kSet: {
      const uint64_t count = value.claimed.value_or(value.items.size());
      const auto type = static_cast<uint8_t>(value.item_type);
      out->push_back(static_cast<char>((count < 15 ? count << 4 : 0xF0) | type));
      if (count >= 15) WriteVarint(count, out);
      for (const ThriftValue& item : value.items) Write(item, out);
      break;
    }
    default: {
      int16_t last = 0;
      for (size_t i = 0; i < value.items.size(); ++i) {
        const ThriftValue& field = value.items[i];
        const int step = value.ids[i] - last;
        last = value.ids[i];
        const auto type = static_cast<uint8_t>(field.type);
        if (step > 0 && step < 16) {
          out->push_back(static_cast<char>(step << 4 | type));
        } else {
          out->push_back(static_cast<char>(type));
          WriteSigned(last, out);
        }
        if (!field.is_bool()) Write(field, out);
      }
      out->push_back(0);
    }
  }
}

}  // namespace

ThriftValue ThriftValue::Number(ThriftType type, int64_t number) {
  ThriftValue value;
  value.type = type;
  value.number = number;
  return value;
}

ThriftValue ThriftValue::Binary(std::string bytes) {
  ThriftValue value;
  value.type = ThriftType::kBinary;
  value.bytes = std::move(bytes);
  return value;
}

ThriftValue ThriftValue::List(ThriftType item_type, std::vector<ThriftValue> items) {
  ThriftValue value;
  value.type = ThriftType::kList;
  value.item_type = item_type;
  value.items = std::move(items);
  return value;
}

ThriftValue* ThriftValue::Find(int16_t id) {
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == id) return &items[i];
  }
  return nullptr;
}

const ThriftValue* ThriftValue::Find(int16_t id) const {
  return const_cast<ThriftValue*>(this)->Find(id);
}

int64_t ThriftValue::NumberAt(int16_t id, int64_t otherwise) const {
  const ThriftValue* field = Find(id);
  return field && field->is_number() ? field->number : otherwise;
}

void ThriftValue::Put(int16_t id, ThriftValue value) {
  if (ThriftValue* field = Find(id)) {
    *field = std::move(value);
    return;
  }
  size_t at = 0;
  while (at < ids.size() && ids[at] < id) ++at;
  ids.insert(ids.begin() + static_cast<ptrdiff_t>(at), id);
  items.insert(items.begin() + static_cast<ptrdiff_t>(at), std::move(value));
}

void ThriftValue::Drop(int16_t id) {
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] != id) continue;
    ids.erase(ids.begin() + static_cast<ptrdiff_t>(i));
    items.erase(items.begin() + static_cast<ptrdiff_t>(i));
    return;
  }
}

std::optional<std::pair<ThriftValue, size_t>> ReadThrift(std::string_view bytes) {
  Reader reader(bytes);
  ThriftValue value = reader.Value(ThriftType::kStruct, 0);
  if (!reader.ok()) return std::nullopt;
  return std::pair(std::move(value), reader.position());
}

std::string WriteThrift(const ThriftValue& value) {
  std::string bytes;
  Write(value, &bytes);
  return bytes;
}

}  // namespace usdparquet_fuzz
