#include "core/util/thrift_reader.h"

#include <limits>

#include "core/util/limits.h"

namespace usdparquet {
namespace {

int64_t Unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

}  // namespace

void ThriftReader::Fail(Failure failure) {
  if (failure_ == Failure::kNone) failure_ = failure;
  position_ = bytes_.size();
}

bool ThriftReader::Descend() {
  if (depth_ == kMaxThriftDepth) Fail(Failure::kDamaged);
  if (!ok()) return false;
  ++depth_;
  return true;
}

uint8_t ThriftReader::ReadByte() {
  if (position_ < bytes_.size()) return bytes_[position_++];
  Fail(Failure::kEnd);
  return 0;
}

uint64_t ThriftReader::ReadVarint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = ReadByte();
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  Fail(Failure::kDamaged);
  return 0;
}

void ThriftReader::SkipBytes(uint64_t count) {
  if (count > bytes_.size() - position_) return Fail(Failure::kEnd);
  position_ += count;
}

bool ThriftReader::NextField(int16_t* id, Type* type) {
  field_position_ = position_;
  const uint8_t head = ReadByte();
  *type = static_cast<Type>(head & 0x0f);
  if (!ok() || *type == Type::kStop) return false;
  // The id is that of the field before and a little more, or is written out.
  const int64_t next = head >> 4 ? *id + (head >> 4) : Unzigzag(ReadVarint());
  *id = static_cast<int16_t>(next);
  if (*id != next) Fail(Failure::kDamaged);
  return ok();
}

int32_t ThriftReader::ReadI32() {
  const int64_t value = Unzigzag(ReadVarint());
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    Fail(Failure::kDamaged);
    return 0;
  }
  return static_cast<int32_t>(value);
}

std::string_view ThriftReader::ReadBinary() {
  const uint64_t size = ReadVarint();
  const size_t begin = position_;
  SkipBytes(size);
  if (!ok()) return {};
  return {reinterpret_cast<const char*>(bytes_.data() + begin), static_cast<size_t>(size)};
}

size_t ThriftReader::ReadListHead(Type* element) {
  const uint8_t head = ReadByte();
  *element = static_cast<Type>(head & 0x0f);
  const uint64_t count = head >> 4 == 15 ? ReadVarint() : head >> 4;
  if (count > bytes_.size() - position_) Fail(Failure::kEnd);
  return ok() ? static_cast<size_t>(count) : 0;
}

void ThriftReader::Skip(Type type, bool is_element) {
  switch (type) {
    case Type::kTrue:
    case Type::kFalse:
      if (is_element) SkipBytes(1);
      return;
    case Type::kByte:
      return SkipBytes(1);
    case Type::kI16:
    case Type::kI32:
    case Type::kI64:
      ReadVarint();
      return;
    case Type::kDouble:
      return SkipBytes(8);
    case Type::kUuid:
      return SkipBytes(16);
    case Type::kBinary:
      return SkipBytes(ReadVarint());
    case Type::kList:
    case Type::kSet:
      return ReadList([this](Type element, size_t count) {
        for (size_t i = 0; i < count && ok(); ++i) Skip(element, true);
      });
    case Type::kMap: {
      const uint64_t count = ReadVarint();
      if (count == 0 || !Descend()) return;
      const uint8_t types = ReadByte();
      for (uint64_t i = 0; i < count && ok(); ++i) {
        Skip(static_cast<Type>(types >> 4), true);
        Skip(static_cast<Type>(types & 0x0f), true);
      }
      --depth_;
      return;
    }
    case Type::kStruct:
      return ReadStruct([](int16_t, Type) { return false; });
    case Type::kStop:
      break;
  }
  Fail(Failure::kDamaged);
}

}  // namespace usdparquet
