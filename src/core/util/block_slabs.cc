#include "core/util/block_slabs.h"

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

#include "core/util/system_calls.h"

namespace usdparquet {
namespace {

constexpr size_t kLine = 64;
/// A slab begins at a multiple of its size, so that a block tells its slab.
constexpr size_t kSlabSize = size_t{256} << 10;
/// How much of a slab by itself is made to be there at a time: a step costs as much as some faults,
/// and what of it is not used was taken in vain.
constexpr size_t kStep = 32 * 1024;
/// A huge page, which costs what 90 pages do. It is worth that once so much of other slabs is
/// there.
constexpr size_t kRegionSize = size_t{2} << 20;
constexpr size_t kFirstBytes = size_t{512} << 10;
constexpr size_t kSpares = 2;

}  // namespace

struct BlockSlabs::FreeBlock {
  FreeBlock* next;
};

/// The first bytes of a slab. Its blocks lie behind it.
struct alignas(kLine) BlockSlabs::Slab {
  Slab* previous;
  Slab* next;
  FreeBlock* freed;
  uint32_t number;     ///< which size its blocks have
  uint32_t used;       ///< blocks that are taken
  uint32_t begun;      ///< bytes up to the first block that was never taken
  uint32_t populated;  ///< bytes that are there
  bool is_in_region;
  uint8_t used_in_region;  ///< of the first slab of a region: those of the region that have blocks

  bool HasRoom() const { return freed || begun + BlockSize(number) <= kSlabSize; }
};

/// Four sizes to each doubling, so that at most a fifth of a block is not used.
size_t BlockSlabs::SizeNumber(size_t size) {
  const size_t last = size - 1;  // the sizes are upper bounds
  const auto doubling = static_cast<size_t>(std::bit_width(last / kSmallest));
  if (doubling == 0) return 0;
  const size_t quarter = (last >> (std::bit_width(kSmallest) + doubling - 4)) & 3;
  return (doubling - 1) * 4 + quarter + 1;
}

size_t BlockSlabs::BlockSize(size_t number) {
  if (number == 0) return kSmallest;
  const size_t doubling = (number - 1) / 4, quarter = (number - 1) % 4;
  return (kSmallest << doubling) / 4 * (5 + quarter);
}

BlockSlabs::Slab* BlockSlabs::RegionOf(Slab* slab) {
  return reinterpret_cast<Slab*>(reinterpret_cast<uintptr_t>(slab) & ~(kRegionSize - 1));
}

BlockSlabs& BlockSlabs::Instance() {
  static auto* slabs = new BlockSlabs;
  return *slabs;
}

BlockSlabs::~BlockSlabs() {
  while (Slab* const slab = spares_.first) {
    Unlink(slab, &spares_);
    UnmapMemory(slab, kSlabSize);
  }
}

size_t BlockSlabs::mapped_bytes() const {
  const std::lock_guard lock(mutex_);
  return mapped_bytes_;
}

void* BlockSlabs::Take(size_t size) {
  const size_t number = SizeNumber(size);
  const std::lock_guard lock(mutex_);
  Slab* slab = with_room_[number].first;
  if (!slab && !(slab = AddSlab(number))) return nullptr;
  void* block = slab->freed;
  if (block) {
    slab->freed = slab->freed->next;
  } else {
    auto* const memory = reinterpret_cast<std::byte*>(slab);
    block = memory + slab->begun;
    slab->begun += static_cast<uint32_t>(BlockSize(number));
    if (slab->begun > slab->populated) {
      const size_t wanted = std::min((slab->begun + kStep - 1) / kStep * kStep, kSlabSize);
      PopulateMemory(memory + slab->populated, wanted - slab->populated);
      small_bytes_ += wanted - slab->populated;
      slab->populated = static_cast<uint32_t>(wanted);
    }
  }
  ++slab->used;
  if (!slab->HasRoom()) Unlink(slab, &with_room_[number]);
  return block;
}

void BlockSlabs::Give(void* block, size_t /*size*/) {
  auto* const slab = reinterpret_cast<Slab*>(reinterpret_cast<uintptr_t>(block) & ~(kSlabSize - 1));
  const std::lock_guard lock(mutex_);
  const bool had_room = slab->HasRoom();
  slab->freed = new (block) FreeBlock{slab->freed};
  if (!had_room) Link(slab, &with_room_[slab->number]);
  if (--slab->used == 0) Retire(slab);
}

BlockSlabs::Slab* BlockSlabs::AddSlab(size_t number) {
  Slab* slab = spares_.first;
  if (slab) {
    Unlink(slab, &spares_);
    --num_spares_;
  } else if (small_bytes_ < kFirstBytes) {
    slab = static_cast<Slab*>(MapAligned(kSlabSize));
    if (!slab) return nullptr;
    mapped_bytes_ += kSlabSize;
    new (slab) Slab{};
  } else {
    if (!free_in_regions_.first && !AddRegion()) return nullptr;
    slab = free_in_regions_.first;
    Unlink(slab, &free_in_regions_);
    Slab* const region = RegionOf(slab);
    ++region->used_in_region;
    if (region == empty_region_) empty_region_ = nullptr;
  }
  ++used_slabs_;
  slab->number = static_cast<uint32_t>(number);
  slab->freed = nullptr;
  slab->begun = sizeof(Slab);
  Link(slab, &with_room_[number]);
  return slab;
}

bool BlockSlabs::AddRegion() {
  auto* const memory = static_cast<std::byte*>(MapAligned(kRegionSize));
  if (!memory) return false;
  PreferHugePages(memory, kRegionSize);
  mapped_bytes_ += kRegionSize;
  for (size_t at = 0; at < kRegionSize; at += kSlabSize) {
    Link(new (memory + at) Slab{.populated = kSlabSize, .is_in_region = true}, &free_in_regions_);
  }
  return true;
}

/// Behind the others, so that those that are nearly empty are not filled again.
void BlockSlabs::Link(Slab* slab, SlabList* list) {
  slab->previous = std::exchange(list->last, slab);
  slab->next = nullptr;
  (slab->previous ? slab->previous->next : list->first) = slab;
}

void BlockSlabs::Unlink(Slab* slab, SlabList* list) {
  (slab->previous ? slab->previous->next : list->first) = slab->next;
  (slab->next ? slab->next->previous : list->last) = slab->previous;
}

void BlockSlabs::Retire(Slab* slab) {
  Unlink(slab, &with_room_[slab->number]);
  --used_slabs_;
  if (slab->is_in_region) {
    Link(slab, &free_in_regions_);
    Slab* const region = RegionOf(slab);
    if (--region->used_in_region == 0) {
      // One is kept while there are other blocks, as the next one may need it again.
      if (empty_region_) DropRegion(std::exchange(empty_region_, nullptr));
      empty_region_ = region;
    }
  } else if (num_spares_ < kSpares) {
    Link(slab, &spares_);
    ++num_spares_;
  } else {
    small_bytes_ -= slab->populated;
    UnmapMemory(slab, kSlabSize);
    mapped_bytes_ -= kSlabSize;
  }
  if (used_slabs_ == 0 && empty_region_) DropRegion(std::exchange(empty_region_, nullptr));
}

void BlockSlabs::DropRegion(Slab* region) {
  auto* const memory = reinterpret_cast<std::byte*>(region);
  for (size_t at = 0; at < kRegionSize; at += kSlabSize) {
    Unlink(reinterpret_cast<Slab*>(memory + at), &free_in_regions_);
  }
  UnmapMemory(region, kRegionSize);
  mapped_bytes_ -= kRegionSize;
}

}  // namespace usdparquet
