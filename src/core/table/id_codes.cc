#include "core/table/id_codes.h"

#include <string_view>

#include "core/table/id_texts.h"
#include "core/util/limits.h"

#define XXH_INLINE_ALL
#include <arrow/vendored/xxhash.h>

namespace usdparquet {

IdCodes::IdCodes() : table_(64, kNone) {}

IdCodes::Key IdCodes::KeyOf(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return {hash.low64, static_cast<uint32_t>(hash.high64)};
}

/// The slot with the number of an id, or the empty one where it belongs.
size_t IdCodes::SlotOf(const Key& key) const {
  const size_t mask = table_.size() - 1;
  size_t slot = key.hash & mask;
  for (; table_[slot] != kNone; slot = (slot + 1) & mask) {
    const auto code = static_cast<size_t>(table_[slot]);
    if (hashes_[code] == key.hash && checks_[code] == key.check) break;
  }
  return slot;
}

void IdCodes::Grow() {
  const size_t size = 2 * table_.size();
  RawVector<int32_t>().swap(table_);
  table_.assign(size, kNone);
  for (size_t code = 0; code < hashes_.size(); ++code) {
    size_t slot = hashes_[code] & (size - 1);
    while (table_[slot] != kNone) slot = (slot + 1) & (size - 1);
    table_[slot] = static_cast<int32_t>(code);
  }
}

arrow::Result<std::vector<int32_t>> IdCodes::Add(const arrow::ChunkedArray& cells) {
  ARROW_ASSIGN_OR_RAISE(const IdTexts texts, IdTexts::Make(cells));
  std::vector<int32_t> codes(texts.size(), kNone);
  for (uint32_t row = 0; row < texts.size(); ++row) {
    if (!texts[row].data()) continue;
    const Key key = KeyOf(texts[row]);
    const size_t slot = SlotOf(key);
    if (table_[slot] == kNone) {
      if (hashes_.size() >= static_cast<size_t>(kMaxRows)) {
        return arrow::Status::Invalid("has more than ", kMaxRows,
                                      " different ids; split the table");
      }
      codes[row] = table_[slot] = static_cast<int32_t>(hashes_.size());
      hashes_.push_back(key.hash);
      checks_.push_back(key.check);
      if (4 * hashes_.size() > 3 * table_.size()) Grow();
    } else {
      codes[row] = table_[slot];
    }
  }
  return codes;
}

arrow::Result<std::vector<int32_t>> IdCodes::Find(const arrow::ChunkedArray& cells) const {
  ARROW_ASSIGN_OR_RAISE(const IdTexts texts, IdTexts::Make(cells));
  std::vector<int32_t> codes(texts.size(), kNone);
  for (uint32_t row = 0; row < texts.size(); ++row) {
    if (!texts[row].data()) continue;
    const int32_t code = table_[SlotOf(KeyOf(texts[row]))];
    codes[row] = code == kNone ? kUnknown : code;
  }
  return codes;
}

}  // namespace usdparquet
