#pragma once

/// \file
/// The body of a section, verified block by block when first touched.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "core/sections/section_bytes.h"
#include "core/util/export.h"

namespace usdparquet {

/// A stretch of memory in blocks with a checksum each. Reading a block for the first time verifies
/// it; opening therefore costs nothing that grows with the stretch.
///
/// Thread-safety: any number of threads may call Verify.
class USDPARQUET_API SectionBlocks {
 public:
  static constexpr size_t kBlockSize = 32 * 1024;

  /// Checks `bytes` against `checksums`, one per block. `on_damage` is called
  /// by each thread that finds a damaged block or calls Reject, before it is told so, with a clause
  /// that says what is wrong ("the embedded path index is damaged at its byte 0"). `section` has
  /// the bytes and the checksums. `name` is what messages call the section.
  SectionBlocks(std::span<const std::byte> bytes, std::span<const uint32_t> checksums,
                std::shared_ptr<const SectionBytes> section, const char* name,
                std::function<void(const std::string&)> on_damage);

  /// Whether the bytes [begin, end) are undamaged. REQUIRES: they lie in the stretch.
  bool Verify(const void* begin, const void* end) const {
    if (AreAllGood()) return true;
    const auto first = static_cast<size_t>(static_cast<const std::byte*>(begin) - bytes_.data());
    const auto last = static_cast<size_t>(static_cast<const std::byte*>(end) - bytes_.data());
    for (size_t block = first / kBlockSize; block * kBlockSize < last; ++block) {
      const State state = states_[block].load(std::memory_order_acquire);
      if (state == State::kGood) continue;
      if (state == State::kBad || !VerifyBlock(block)) return false;
    }
    return true;
  }

  /// Whether every block was verified, and is undamaged: then Verify is true of all there is.
  bool AreAllGood() const { return are_all_good_.load(std::memory_order_acquire); }

  /// Whether all bytes are undamaged.
  bool VerifyAll() const { return Verify(bytes_.data(), bytes_.data() + bytes_.size()); }

  /// To be called where undamaged bytes say what can't be: a section whose checksums are right may
  /// lie. `what` ends a sentence that begins with the section. Returns false.
  bool Reject(const char* what) const;

  /// The checksum of one block: the low 32 bits of its XXH3 hash.
  static uint32_t Checksum(std::span<const std::byte> block);

 private:
  enum class State : uint8_t { kUnknown, kGood, kBad };
  bool VerifyBlock(size_t block) const;
  void SetGood(size_t block) const;
  void Report(const std::string& what) const;

  const std::span<const std::byte> bytes_;
  const std::span<const uint32_t> checksums_;
  const std::shared_ptr<const SectionBytes> section_;
  const char* const name_;
  const std::function<void(const std::string&)> on_damage_;
  const size_t num_blocks_;
  const std::unique_ptr<std::atomic<State>[]> states_;
  mutable std::atomic<size_t> num_good_{0};
  mutable std::atomic<bool> are_all_good_{false};
  mutable std::mutex loading_;  // where the file is not mapped
};

}  // namespace usdparquet
