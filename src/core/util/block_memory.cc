#include "core/util/block_memory.h"

#include <arrow/status.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#include "core/util/system_calls.h"

namespace usdparquet {
namespace {

// Below, holes are small enough to be filled again; mapping costs some microseconds.
constexpr size_t kSmallestMapped = 32 * 1024;
// Beyond, memory is what is written of it: the size may be a damaged page's claim.
constexpr size_t kLargestPopulated = size_t{4} << 20;
constexpr size_t kCacheLine = 64;
constexpr size_t kMemoryPage = 4096;

size_t MappedSize(size_t size) { return (size + kMemoryPage - 1) / kMemoryPage * kMemoryPage; }

/// From the heap. std::aligned_alloc takes three times as long as this: it splits a larger block
/// and frees what is left over. The address that the heap knows lies before the block.
void* AllocateAligned(size_t size) {
  void* const whole = std::malloc(size + kCacheLine + sizeof(void*));
  if (!whole) throw std::bad_alloc();
  const auto behind = reinterpret_cast<uintptr_t>(whole) + sizeof(void*);
  auto* const block = reinterpret_cast<void**>((behind + kCacheLine - 1) / kCacheLine * kCacheLine);
  block[-1] = whole;
  return block;
}

/// A few mapped blocks that were given back, for the next page of that size.
class SpareBlocks {
 public:
  static SpareBlocks& Instance() {
    static auto* blocks = new SpareBlocks;  // never destroyed, as the page cache
    return *blocks;
  }

  /// A block of exactly `size` bytes, or null.
  void* Take(size_t size) {
    const std::lock_guard lock(mutex_);
    for (Spare& spare : spares_) {
      if (spare.size != size) continue;
      bytes_ -= size;
      spare.size = 0;
      return spare.block;
    }
    return nullptr;
  }

  /// Keeps the block, unless there are enough.
  bool Keep(void* block, size_t size) {
    const std::lock_guard lock(mutex_);
    if (bytes_ + size > kMaxBytes) return false;
    for (Spare& spare : spares_) {
      if (spare.size != 0) continue;
      spare = {block, size};
      bytes_ += size;
      return true;
    }
    return false;
  }

 private:
  static constexpr size_t kMaxBytes = size_t{1} << 20;
  struct Spare {
    void* block = nullptr;
    size_t size = 0;  // 0: none
  };
  std::mutex mutex_;
  std::array<Spare, 16> spares_;
  size_t bytes_ = 0;
};

class BlockBuffer final : public arrow::MutableBuffer {
 public:
  explicit BlockBuffer(size_t size)
      : MutableBuffer(static_cast<uint8_t*>(AllocateBlock(size)), static_cast<int64_t>(size)) {}
  BlockBuffer(const BlockBuffer&) = delete;
  BlockBuffer& operator=(const BlockBuffer&) = delete;
  ~BlockBuffer() override { FreeBlock(mutable_data(), static_cast<size_t>(size())); }
};

class Pool final : public arrow::MemoryPool {
 public:
  using MemoryPool::Allocate;
  using MemoryPool::Free;
  using MemoryPool::Reallocate;

  arrow::Status Allocate(int64_t size, int64_t /*alignment*/, uint8_t** out) override {
    try {
      *out = static_cast<uint8_t*>(AllocateBlock(static_cast<size_t>(size)));
    } catch (const std::bad_alloc&) {
      return arrow::Status::OutOfMemory("no memory for ", size, " bytes");
    }
    allocated_ += size;
    total_ += size;
    ++count_;
    return arrow::Status::OK();
  }
  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                           uint8_t** block) override {
    if (std::min(old_size, new_size) >= static_cast<int64_t>(kSmallestMapped)) {
      return Remap(static_cast<size_t>(old_size), static_cast<size_t>(new_size), block);
    }
    uint8_t* bigger = nullptr;
    ARROW_RETURN_NOT_OK(Allocate(new_size, alignment, &bigger));
    std::memcpy(bigger, *block, static_cast<size_t>(std::min(old_size, new_size)));
    Free(*block, old_size, alignment);
    *block = bigger;
    return arrow::Status::OK();
  }
  void Free(uint8_t* block, int64_t size, int64_t /*alignment*/) override {
    FreeBlock(block, static_cast<size_t>(size));
    allocated_ -= size;
  }
  int64_t bytes_allocated() const override { return allocated_; }
  int64_t total_bytes_allocated() const override { return total_; }
  int64_t num_allocations() const override { return count_; }
  std::string backend_name() const override { return "usdparquet"; }

 private:
  /// Moves a mapped block by its page table: a copy would take the memory of both.
  arrow::Status Remap(size_t old_size, size_t new_size, uint8_t** block) {
    void* const moved = RemapMemory(*block, MappedSize(old_size), MappedSize(new_size));
    if (!moved) return arrow::Status::OutOfMemory("no memory for ", new_size, " bytes");
    *block = static_cast<uint8_t*>(moved);
    const int64_t change = static_cast<int64_t>(new_size) - static_cast<int64_t>(old_size);
    allocated_ += change;
    if (change > 0) total_ += change;
    ++count_;
    return arrow::Status::OK();
  }

  std::atomic<int64_t> allocated_{0}, total_{0}, count_{0};
};

}  // namespace

void* AllocateBlock(size_t size) {
  void* block;
  if (size >= kSmallestMapped) {
    block = SpareBlocks::Instance().Take(MappedSize(size));
    if (block) return block;
    // Populated at once, unless it is large: a fault a page would cost more than decoding into it.
    block = MapMemory(MappedSize(size), size <= kLargestPopulated);
    if (!block) throw std::bad_alloc();
  } else {
    block = AllocateAligned(size);
  }
  return block;
}

void FreeBlock(void* block, size_t size) {
  if (size < kSmallestMapped) {
    std::free(static_cast<void**>(block)[-1]);
  } else if (!SpareBlocks::Instance().Keep(block, MappedSize(size))) {
    UnmapMemory(block, MappedSize(size));
  }
}

std::shared_ptr<arrow::Buffer> AllocateBlockBuffer(size_t size) {
  return std::make_shared<BlockBuffer>(size);
}

arrow::MemoryPool* BlockPool() {
  static auto* pool = new Pool;
  return pool;
}

}  // namespace usdparquet
