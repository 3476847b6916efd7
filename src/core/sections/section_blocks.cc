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
      num_blocks_((bytes.size() + kBlockSize - 1) / kBlockSize),
      states_(std::make_unique<std::atomic<State>[]>(num_blocks_)) {}

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
    SetGood(block);
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

void SectionBlocks::SetGood(size_t block) const {
  // Several threads may verify a block at a time; it counts once.
  if (states_[block].exchange(State::kGood, std::memory_order_acq_rel) == State::kGood) return;
  if (num_good_.fetch_add(1, std::memory_order_acq_rel) + 1 == num_blocks_) {
    are_all_good_.store(true, std::memory_order_release);
  }
}

bool SectionBlocks::Reject(const char* what) const {
  Report(std::string("is wrong: ") + what);
  return false;
}

void SectionBlocks::Report(const std::string& what) const {
  if (on_damage_) on_damage_(std::string("the embedded ") + name_ + " " + what);
}

}  // namespace usdparquet
