#pragma once

/// \file
/// Numbers for ids, so that the texts need not be kept.

#include <arrow/chunked_array.h>
#include <arrow/result.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/util/export.h"
#include "core/util/raw_vector.h"

namespace usdparquet {

/// Numbers different ids from 0 on, in the order in which they come. Ids are told apart by 96 bits
/// of hash of their texts (IdTexts): 12 bytes for each, and 5 to 11 for finding it. Not
/// thread-safe.
class USDPARQUET_API IdCodes {
 public:
  static constexpr int32_t kNone = -1;
  static constexpr int32_t kUnknown = -2;

  IdCodes();

  /// The numbers of ids, new ones included; kNone where there is no id. Fails if the type of
  /// `cells` can hold no ids; the message goes on after the column's name.
  arrow::Result<std::vector<int32_t>> Add(const arrow::ChunkedArray& cells);
  /// The numbers of those that are known; kUnknown for others, kNone where there is no id.
  arrow::Result<std::vector<int32_t>> Find(const arrow::ChunkedArray& cells) const;

 private:
  struct Key {
    uint64_t hash = 0;
    uint32_t check = 0;
  };

  static Key KeyOf(std::string_view text);
  size_t SlotOf(const Key& key) const;
  void Grow();

  // Of mapped memory: what they leave behind as they grow goes back to the system.
  RawVector<uint64_t> hashes_;
  RawVector<uint32_t> checks_;
  RawVector<int32_t> table_;  // open addressing by hash
};

}  // namespace usdparquet
