// The C library's functions for memory and threads. They fail only for usdparquet and what Arrow
// does for it: what OpenUSD, TBB, Python and nanobind do without memory is their business.

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unwind.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "faulty/faulty_calls.h"

extern "C" {
// What glibc's own functions are called, too; looking them up would ask for memory.
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
}

namespace faulty {

extern std::atomic<bool> g_is_counting;
extern std::atomic<size_t> g_smallest;

namespace {

enum class Owner { kOther, kOurs, kArrow, kPassesOn };
struct Range {
  uintptr_t begin = 0, end = 0;
  Owner owner = Owner::kOther;
};
constexpr size_t kLarge = 4096;
std::array<Range, 64> g_ranges;
size_t g_num_ranges = 0;

Owner OwnerOf(const char* file) {
  const auto has = [&](const char* part) { return std::strstr(file, part) != nullptr; };
  if (has("libusdparquet")) return Owner::kOurs;
  if (has("libarrow.so") || has("libparquet.so")) return Owner::kArrow;
  for (const char* part : {"libstdc++", "libfaulty_calls", "libc.so", "libgcc_s"}) {
    if (has(part)) return Owner::kPassesOn;
  }
  return Owner::kOther;
}

int AddLibrary(dl_phdr_info* info, size_t, void*) {
  const Owner owner = OwnerOf(info->dlpi_name);
  for (int i = 0; owner != Owner::kOther && i < info->dlpi_phnum; ++i) {
    const auto& part = info->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || !(part.p_flags & PF_X) || g_num_ranges == g_ranges.size()) {
      continue;
    }
    const uintptr_t begin = info->dlpi_addr + part.p_vaddr;
    g_ranges[g_num_ranges++] = {begin, begin + part.p_memsz, owner};
  }
  return 0;
}

/// Whose code asks, as far as is known.
struct Asking {
  bool is_large = false;
  Owner owner = Owner::kOther;
};

/// Goes outwards until it finds whose code asks. Arrow reports that there is no memory for data,
/// but ends the process where small objects of its own have none (in ReadableFile::ReadBufferAt,
/// say).
_Unwind_Reason_Code Visit(_Unwind_Context* context, void* out) {
  const uintptr_t at = _Unwind_GetIP(context);
  Owner owner = Owner::kOther;
  for (size_t i = 0; i < g_num_ranges; ++i) {
    if (at >= g_ranges[i].begin && at < g_ranges[i].end) owner = g_ranges[i].owner;
  }
  auto* const asking = static_cast<Asking*>(out);
  if (owner == Owner::kArrow && asking->is_large) owner = Owner::kPassesOn;
  asking->owner = owner;
  return owner == Owner::kPassesOn ? _URC_NO_REASON : _URC_END_OF_STACK;
}

thread_local bool t_is_asking __attribute__((tls_model("initial-exec"))) = false;

bool IsAskedByUs(bool is_large) {
  if (t_is_asking) return false;
  t_is_asking = true;
  Asking asking{is_large};
  _Unwind_Backtrace(&Visit, &asking);
  t_is_asking = false;
  return asking.owner == Owner::kOurs;
}

bool Fails(size_t size) {
  if (!g_is_counting.load(std::memory_order_relaxed)) return false;
  const size_t smallest = g_smallest.load(std::memory_order_relaxed);
  return smallest > 0 && size >= smallest && IsAskedByUs(size >= kLarge) &&
         Count(kAllocate).is_failure;
}

}  // namespace
}  // namespace faulty

using faulty::Fails;

// NOLINTBEGIN: the names are not ours to choose.
extern "C" {

/// Finds where the code of the libraries lies. To be called when they are loaded.
void faulty_find_libraries(void) {
  faulty::g_num_ranges = 0;
  ::dl_iterate_phdr(&faulty::AddLibrary, nullptr);
}

void* malloc(size_t size) { return Fails(size) ? nullptr : __libc_malloc(size); }
void* calloc(size_t count, size_t size) {
  return Fails(count * size) ? nullptr : __libc_calloc(count, size);
}
void* realloc(void* block, size_t size) {
  return Fails(size) ? nullptr : __libc_realloc(block, size);
}
void* memalign(size_t alignment, size_t size) {
  return Fails(size) ? nullptr : __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void** block, size_t alignment, size_t size) {
  void* const made = memalign(alignment, size);
  if (!made) return ENOMEM;
  *block = made;
  return 0;
}

void* mmap(void* address, size_t size, int protection, int flags, int file, off_t offset) {
  static auto* const real = reinterpret_cast<decltype(&mmap)>(::dlsym(RTLD_NEXT, "mmap"));
  const bool fails =
      file < 0 ? Fails(size) : faulty::IsWatched(file) && faulty::Count(faulty::kMap).is_failure;
  return fails ? MAP_FAILED : real(address, size, protection, flags, file, offset);
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                   void* argument) {
  static auto* const real =
      reinterpret_cast<decltype(&pthread_create)>(::dlsym(RTLD_NEXT, "pthread_create"));
  const bool fails = faulty::g_is_counting.load(std::memory_order_relaxed) &&
                     faulty::IsAskedByUs(true) && faulty::Count(faulty::kStartThread).is_failure;
  return fails ? EAGAIN : real(thread, attributes, run, argument);
}

}  // extern "C"
// NOLINTEND
