#pragma once

/// \file
/// Blocks of some kilobytes, which pages of few rows are made of.

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "core/util/export.h"

namespace usdparquet {

/// Blocks in slabs, of which each has blocks of one size. On the heap each page of memory would be
/// a fault when a block first touches it, which may cost more than decoding into it, and blocks
/// would lie between small objects that live longer (docs/performance.md). The first slabs are
/// mapped one by one and filled in small steps; further ones are parts of regions that the system
/// has in one piece. What has no block left goes back to the system, but for what is likely to be
/// needed again.
///
/// Thread-safety: any.
class USDPARQUET_API BlockSlabs {
 public:
  static constexpr size_t kSmallest = 1024, kLargest = 32 * 1024;  ///< bytes of a block

  /// Those of the process, which are never destroyed, as the page cache is not.
  static BlockSlabs& Instance();

  BlockSlabs() = default;
  ~BlockSlabs();
  BlockSlabs(const BlockSlabs&) = delete;
  BlockSlabs& operator=(const BlockSlabs&) = delete;

  /// `size` uninitialized bytes, aligned to a cache line, or null if there is no memory.
  /// REQUIRES: kSmallest <= size <= kLargest.
  void* Take(size_t size);

  /// Frees what Take(size) returned.
  void Give(void* block, size_t size);

  /// The bytes that are mapped.
  size_t mapped_bytes() const;

 private:
  struct Slab;
  struct FreeBlock;
  struct SlabList {
    Slab* first = nullptr;
    Slab* last = nullptr;
  };
  static constexpr size_t kSizes = 21;

  static size_t SizeNumber(size_t size);
  static size_t BlockSize(size_t number);
  static Slab* RegionOf(Slab* slab);

  // All REQUIRE that the caller holds `mutex_`.
  Slab* AddSlab(size_t number);
  bool AddRegion();
  static void Link(Slab* slab, SlabList* list);
  static void Unlink(Slab* slab, SlabList* list);
  void Retire(Slab* slab);
  void DropRegion(Slab* region);

  mutable std::mutex mutex_;
  std::array<SlabList, kSizes> with_room_;  // those with room for more blocks of a size
  SlabList free_in_regions_;                // parts of regions without blocks
  SlabList spares_;                         // slabs by themselves without blocks
  size_t num_spares_ = 0;
  Slab* empty_region_ = nullptr;  // one without blocks, to be used again
  size_t used_slabs_ = 0;
  size_t small_bytes_ = 0;  // that are there of slabs by themselves
  size_t mapped_bytes_ = 0;
};

}  // namespace usdparquet
