#pragma once

/// \file
/// Reads Thrift's compact protocol, in which Parquet stores footers and page headers, far enough to
/// check what they claim before Arrow acts on it:
/// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/util/export.h"

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
  void SkipBytes(uint64_t count);
  void Fail(Failure failure);

  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
  size_t field_position_ = 0;
  int depth_ = 0;  // of structs, lists and maps that are being read
  Failure failure_ = Failure::kNone;
};

}  // namespace usdparquet
