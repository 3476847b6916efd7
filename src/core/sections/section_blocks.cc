#include "core/sections/section_blocks.h"

#include "core/util/path_hash.h"

namespace usdparquet {

SectionBlocks::SectionBlocks(std::span<const std::byte> bytes, std::span<const uint32_t> checksums,
                             std::shared_ptr<const SectionBytes> section, const char* name,
                             std::function<void(const std::string&)> on_damage)
    : bytes_(bytes),
      checksums_(checksums),
      section_(std::move(section)),
      name_(name),
      on_damage_(std::move(on_damage)),
      states_(
          std::make_unique<std::atomic<State>[]>((bytes.size() + kBlockSize - 1) / kBlockSize)) {}

uint32_t SectionBlocks::Checksum(std::span<const std::byte> block) {
  return static_cast<uint32_t>(XXH3_64bits(block.data(), block.size()));
}

bool SectionBlocks::VerifyBlock(size_t block) const {
  const size_t begin = block * kBlockSize;
  const auto bytes = bytes_.subspan(begin, std::min(kBlockSize, bytes_.size() - begin));
  bool is_there = true;
  std::unique_lock lock(loading_, std::defer_lock);
  if (!section_->is_whole()) {
    // One thread alone writes a block, and before anyone reads it.
    lock.lock();
    const State state = states_[block].load(std::memory_order_acquire);
    if (state != State::kUnknown) return state == State::kGood;
    is_there = section_->Load(bytes.data(), bytes.size());
  }
  const bool is_good = is_there && Checksum(bytes) == checksums_[block];
  if (is_good) {
    states_[block].store(State::kGood, std::memory_order_release);
    return true;
  }
  if (lock) lock.unlock();
  const std::string at = " at its byte " + std::to_string(begin);
  Report(is_there ? "is damaged" + at
                  : "can't be read" + at + " (the file was cut or replaced after it was opened)");
  // Not before it is told: who finds the block bad relies on the damage being known.
  states_[block].store(State::kBad, std::memory_order_release);
  return false;
}

bool SectionBlocks::Reject(const char* what) const {
  Report(std::string("is wrong: ") + what);
  return false;
}

void SectionBlocks::Report(const std::string& what) const {
  if (on_damage_) on_damage_(std::string("the embedded ") + name_ + " " + what);
}

}  // namespace usdparquet
