#include "core/util/thrift_reader.h"

namespace usdparquet {

void ThriftReader::Fail(Failure failure) {
  if (failure_ == Failure::kNone) failure_ = failure;
  position_ = bytes_.size();
}

void ThriftReader::SkipBytes(uint64_t count) {
  if (count > bytes_.size() - position_) return Fail(Failure::kEnd);
  position_ += count;
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
