#pragma once

/// \file
/// Memory of a page that values share with it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "core/pages/page.h"
#include "core/util/export.h"
#include "core/util/raw_vector.h"

namespace usdparquet {

class PageCache;
class PageMemory;

/// What a PageCache counts. Shared with memory that may outlive the cache.
struct MemoryCount {
  std::atomic<uint64_t> resident{0};  ///< all that is charged
  std::atomic<uint64_t> shared{0};    ///< the part of it that is PageMemory
};

/// The parts of a mapped file that are PageMemory. When the file is closed, what values still hold
/// of it becomes memory of the process, which neither changes nor ends with the file.
///
/// Thread-safety: pages may be shared and given up in any thread, also after the file was closed.
class USDPARQUET_API MappedMemory {
 public:
  MappedMemory() = default;
  /// Closes the file. REQUIRES: its pages are gone.
  ~MappedMemory();
  MappedMemory(const MappedMemory&) = delete;
  MappedMemory& operator=(const MappedMemory&) = delete;

 private:
  friend class PageMemory;
  struct List {
    std::mutex mutex;
    PageMemory* first = nullptr;
  };
  const std::shared_ptr<List> list_ = std::make_shared<List>();
};

/// Memory in which the arrays of a page lie. It lives as long as the page or a value that shares
/// it, and until then counts against the budget of the page's cache, unless it is a mapped file's.
///
/// Thread-safety: immutable; the last reference may go in any thread, after the page, the cache and
/// the file.
class USDPARQUET_API PageMemory {
 public:
  /// Values share memory for arrays of so many bytes: copying smaller ones costs no more.
  static constexpr size_t kSmallestShared = 2048;
  /// A value that shares memory keeps all of it, which may be so many times what the value needs.
  static constexpr size_t kMostKept = 16;

  /// Moves what the arrays of `page` lie in to a PageMemory that is charged to `cache`, if an array
  /// of it is worth sharing. `mapped` is that of the page's file, if the page was mapped.
  static void Share(Page* page, size_t element_size, PageCache& cache, MappedMemory& mapped);

  ~PageMemory();
  PageMemory(const PageMemory&) = delete;
  PageMemory& operator=(const PageMemory&) = delete;

  /// The bytes that are charged: none of a mapped file.
  size_t charge() const { return charge_; }

  /// Whether a value of so many bytes should rather share this than be copied.
  bool IsWorthSharing(size_t bytes) const { return IsWorthSharing(bytes, charge_); }

 private:
  PageMemory() = default;

  static bool IsWorthSharing(size_t bytes, size_t kept) {
    return bytes >= kSmallestShared && kept / kMostKept <= bytes;
  }

  RawVector<std::byte> values_;
  std::shared_ptr<const void> owner_;
  size_t charge_ = 0;
  std::shared_ptr<MemoryCount> count_;

  // Of mapped memory: the part of it that values may hold, and its place in the file's list.
  friend class MappedMemory;
  const std::byte* begin_ = nullptr;
  size_t size_ = 0;
  std::shared_ptr<MappedMemory::List> list_;
  PageMemory* next_ = nullptr;
  PageMemory** link_ = nullptr;
};

}  // namespace usdparquet
