#pragma once

/// \file
/// Reads Thrift's compact protocol, in which Parquet stores footers and page headers, far enough to
/// check what they claim before Arrow acts on it:
/// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "core/util/export.h"
#include "core/util/limits.h"

namespace usdparquet {

/// A cursor over the bytes of one struct. After a failure every read fails, also beyond
/// kMaxThriftDepth structs, lists and maps within each other. Allocates nothing.
class USDPARQUET_API ThriftReader {
 public:
  enum class Type : uint8_t {
    kStop = 0,
    kTrue = 1,  ///< a bool field: its type is its value
    kFalse = 2,
    kByte = 3,
    kI16 = 4,
    kI32 = 5,
    kI64 = 6,
    kDouble = 7,
    kBinary = 8,
    kList = 9,
    kSet = 10,
    kMap = 11,
    kStruct = 12,
    kUuid = 13,
  };
  enum class Failure : uint8_t {
    kNone,
    kEnd,      ///< the bytes end within the struct
    kDamaged,  ///< more bytes would not help
  };

  explicit ThriftReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  Failure failure() const { return failure_; }
  bool ok() const { return failure_ == Failure::kNone; }
  size_t position() const { return position_; }
  /// Where the last field that was given to ReadStruct begins: its type and id, then its value.
  size_t field_position() const { return field_position_; }

  /// Reads a struct: `f(id, type)` reads the value of a field, or returns false for one to skip.
  template <typename F>
  void ReadStruct(const F& f) {
    if (!Descend()) return;
    int16_t id = 0;
    Type type;
    while (NextField(&id, &type)) {
      if (!f(id, type)) Skip(type);
    }
    --depth_;
  }

  /// Reads a list or set: `f(element, count)` reads the elements, each of which takes a byte at
  /// least: `count` is never more than there are bytes, and 0 after a failure.
  template <typename F>
  void ReadList(const F& f) {
    if (!Descend()) return;
    Type element;
    const size_t count = ReadListHead(&element);
    f(element, count);
    --depth_;
  }

  /// The value of a field of type kI16, kI32 or kI64, which has to fit 32 bits.
  int32_t ReadI32();
  std::string_view ReadBinary();
  /// Skips a value of that type; of a list's element if `is_element` (there a bool takes a byte).
  void Skip(Type type, bool is_element = false);
  /// Fails, because what was read can't be.
  void Reject() { Fail(Failure::kDamaged); }

 private:
  bool Descend();
  /// The next field: false at the struct's end or after a failure. `id`: in, the previous field's
  /// (0 at first); out, this field's.
  bool NextField(int16_t* id, Type* type);
  size_t ReadListHead(Type* element);
  uint8_t ReadByte();
  uint64_t ReadVarint();
  int64_t ReadZigzag();
  void SkipBytes(uint64_t count);
  void Fail(Failure failure);

  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
  size_t field_position_ = 0;
  int depth_ = 0;  // of structs, lists and maps that are being read
  Failure failure_ = Failure::kNone;
};

// Inlined, as they read every field of every page's header.

inline bool ThriftReader::Descend() {
  if (depth_ == kMaxThriftDepth) Fail(Failure::kDamaged);
  if (!ok()) return false;
  ++depth_;
  return true;
}

inline uint8_t ThriftReader::ReadByte() {
  if (position_ < bytes_.size()) return bytes_[position_++];
  Fail(Failure::kEnd);
  return 0;
}

inline uint64_t ThriftReader::ReadVarint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = ReadByte();
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  Fail(Failure::kDamaged);
  return 0;
}

inline int64_t ThriftReader::ReadZigzag() {
  const uint64_t value = ReadVarint();
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

inline bool ThriftReader::NextField(int16_t* id, Type* type) {
  field_position_ = position_;
  const uint8_t head = ReadByte();
  *type = static_cast<Type>(head & 0x0f);
  if (!ok() || *type == Type::kStop) return false;
  // The id is that of the field before and a little more, or is written out.
  const int64_t next = head >> 4 ? *id + (head >> 4) : ReadZigzag();
  *id = static_cast<int16_t>(next);
  if (*id != next) Fail(Failure::kDamaged);
  return ok();
}

inline int32_t ThriftReader::ReadI32() {
  const int64_t value = ReadZigzag();
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    Fail(Failure::kDamaged);
    return 0;
  }
  return static_cast<int32_t>(value);
}

}  // namespace usdparquet
