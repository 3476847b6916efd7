#include "core/table/id_join.h"

#include <bit>
#include <string_view>

#define XXH_INLINE_ALL
#include <arrow/vendored/xxhash.h>

namespace usdparquet {
namespace {

constexpr size_t kMaxReported = 5;

/// A row for each text: open addressing, half full at most.
class KeyTable {
 public:
  explicit KeyTable(const IdTexts& keys)
      : keys_(keys), slots_(std::bit_ceil(size_t{keys.size()} * 2 + 1), kEmpty) {}

  /// The slot of `text`: with its row, or empty.
  uint64_t& SlotOf(std::string_view text) {
    const uint64_t hash = XXH3_64bits(text.data(), text.size());
    const uint64_t tag = hash >> 32 << 32;
    for (size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      uint64_t& slot = slots_[at];
      if (slot == kEmpty) {
        tag_ = tag;
        return slot;
      }
      if ((slot & kTagMask) == tag && keys_[RowOf(slot)] == text) return slot;
    }
  }
  static bool IsEmpty(uint64_t slot) { return slot == kEmpty; }
  static uint32_t RowOf(uint64_t slot) { return static_cast<uint32_t>(slot); }
  /// Puts `row` into the slot that SlotOf has just returned.
  void Put(uint64_t* slot, uint32_t row) {
    *slot = (IsEmpty(*slot) ? tag_ : *slot & kTagMask) | row;
  }

 private:
  static constexpr uint64_t kEmpty = ~uint64_t{0};  // a row that no table has
  static constexpr uint64_t kTagMask = ~uint64_t{0} << 32;

  const IdTexts& keys_;
  RawVector<uint64_t> slots_;  // 32 bits of the hash, then the row
  uint64_t tag_ = 0;
};

}  // namespace

IdJoin JoinIds(const IdTexts& keys, const IdTexts& prims, bool is_long) {
  IdJoin join;
  KeyTable table(keys);
  for (uint32_t row = 0; row < keys.size(); ++row) {
    if (!keys[row].data()) continue;
    uint64_t& slot = table.SlotOf(keys[row]);
    if (!KeyTable::IsEmpty(slot)) {
      if (is_long) continue;
      if (join.num_duplicates++ < kMaxReported) {
        join.duplicates.emplace_back(KeyTable::RowOf(slot), row);
      }
    }
    table.Put(&slot, row);
  }
  join.rows.assign(prims.size(), IdJoin::kNoRow);
  for (uint32_t i = 0; i < prims.size(); ++i) {
    if (!prims[i].data()) continue;
    const uint64_t slot = table.SlotOf(prims[i]);
    if (KeyTable::IsEmpty(slot)) continue;
    join.rows[i] = KeyTable::RowOf(slot);
    ++join.num_matched;
  }
  return join;
}

}  // namespace usdparquet
