#include "core/sections/section_blocks.h"

#include "core/util/path_hash.h"

namespace usdparquet {

SectionBlocks::SectionBlocks(std::span<const std::byte> bytes, std::span<const uint32_t> checksums,
                             std::shared_ptr<const void> owner, const char* name,
                             const char* content, std::function<void(const std::string&)> on_damage)
    : bytes_(bytes),
      checksums_(checksums),
      owner_(std::move(owner)),
      name_(name),
      content_(content),
      on_damage_(std::move(on_damage)),
      states_(
          std::make_unique<std::atomic<State>[]>((bytes.size() + kBlockSize - 1) / kBlockSize)) {}

uint32_t SectionBlocks::Checksum(std::span<const std::byte> block) {
  return static_cast<uint32_t>(XXH3_64bits(block.data(), block.size()));
}

bool SectionBlocks::VerifyBlock(size_t block) const {
  const size_t begin = block * kBlockSize;
  const auto bytes = bytes_.subspan(begin, std::min(kBlockSize, bytes_.size() - begin));
  const bool is_good = Checksum(bytes) == checksums_[block];
  states_[block].store(is_good ? State::kGood : State::kBad, std::memory_order_release);
  if (!is_good && !has_reported_.exchange(true) && on_damage_) {
    on_damage_(std::string("the embedded ") + name_ + " is damaged at its byte " +
               std::to_string(begin) + "; " + content_ +
               " there are not found. Write the index again with 'usdparquet optimize'");
  }
  return is_good;
}

}  // namespace usdparquet
