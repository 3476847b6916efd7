#pragma once

/// \file
/// The body of a section, verified block by block when first touched.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/util/export.h"

namespace usdparquet {

/// A stretch of memory in blocks with a checksum each. Reading a block for the first time verifies
/// it; opening therefore costs nothing that grows with the stretch.
///
/// Thread-safety: any number of threads may call Verify.
class USDPARQUET_API SectionBlocks {
 public:
  static constexpr size_t kBlockSize = 32 * 1024;

  /// Checks `bytes` against `checksums`, one per block. `on_damage` is called once, from the thread
  /// that finds damage first. `owner` keeps both alive. `name` is what messages call the section,
  /// and `content` what is lost where it is damaged.
  SectionBlocks(std::span<const std::byte> bytes, std::span<const uint32_t> checksums,
                std::shared_ptr<const void> owner, const char* name, const char* content,
                std::function<void(const std::string&)> on_damage);

  /// Whether the bytes [begin, end) are undamaged. REQUIRES: they lie in the stretch.
  bool Verify(const void* begin, const void* end) const {
    const auto first = static_cast<size_t>(static_cast<const std::byte*>(begin) - bytes_.data());
    const auto last = static_cast<size_t>(static_cast<const std::byte*>(end) - bytes_.data());
    for (size_t block = first / kBlockSize; block * kBlockSize < last; ++block) {
      const State state = states_[block].load(std::memory_order_acquire);
      if (state == State::kGood) continue;
      if (state == State::kBad || !VerifyBlock(block)) return false;
    }
    return true;
  }

  /// The checksum of one block: the low 32 bits of its XXH3 hash.
  static uint32_t Checksum(std::span<const std::byte> block);

 private:
  enum class State : uint8_t { kUnknown, kGood, kBad };
  bool VerifyBlock(size_t block) const;

  const std::span<const std::byte> bytes_;
  const std::span<const uint32_t> checksums_;
  const std::shared_ptr<const void> owner_;
  const char* const name_;
  const char* const content_;
  const std::function<void(const std::string&)> on_damage_;
  const std::unique_ptr<std::atomic<State>[]> states_;
  mutable std::atomic<bool> has_reported_{false};
};

}  // namespace usdparquet
