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

/// A cursor over the bytes of one struct. After a failure every read fails. Allocates nothing.
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

  /// The next field of a struct: false at its end or after a failure. `id`: in, the
  /// previous field's (0 at first); out, this field's.
  bool NextField(int16_t* id, Type* type);

  /// The value of a field of type kI16, kI32 or kI64, which has to fit 32 bits.
  int32_t ReadI32();
  std::string_view ReadBinary();
  /// The number of elements, each of which takes a byte at least: never more than there are bytes.
  size_t ReadList(Type* element);
  /// Skips a value of that type; of a list's element if `is_element` (there a bool takes a byte).
  void Skip(Type type, bool is_element = false);

 private:
  uint8_t ReadByte();
  uint64_t ReadVarint();
  void SkipBytes(uint64_t count);
  void SkipAt(Type type, bool is_element, int depth);
  void Fail(Failure failure);

  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
  Failure failure_ = Failure::kNone;
};

}  // namespace usdparquet
