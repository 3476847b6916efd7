// Which calls count, and which one fails.

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "faulty/faulty_calls.h"

namespace faulty {

// Shared with faulty_memory.cc.
std::atomic<bool> g_is_counting{false};
std::atomic<size_t> g_smallest{0};

namespace {

constexpr std::array<const char*, kNumKinds> kNames = {
    "open", "read",        "write", "sync", "rename", "close",    "map",
    "stat", "make folder", "mode",  "lock", "remove", "allocate", "start thread"};

char g_folder[PATH_MAX];
size_t g_folder_size = 0;
std::array<std::atomic<long>, kNumKinds> g_counts{};
std::atomic<long> g_failures{0};
int g_kind = -1;
long g_nth = -1;
How g_how = kError;
int g_error = 0;

bool IsBelow(std::string_view path) {
  return g_folder_size > 0 && path.starts_with(std::string_view(g_folder, g_folder_size)) &&
         (path.size() == g_folder_size || path[g_folder_size] == '/');
}

}  // namespace

Verdict Count(Kind kind) {
  const long number = g_counts[kind]++;
  if (kind != g_kind || number < g_nth) return {};
  if (number > g_nth && g_how != kErrorsOn && g_how != kEndsOn) return {};
  if (g_how == kKill) ::kill(::getpid(), SIGKILL);
  ++g_failures;
  errno = g_error;
  return {true, g_how};
}

bool IsWatched(const char* path) {
  return g_is_counting.load(std::memory_order_relaxed) && path && IsBelow(path);
}

bool IsWatched(int directory, const char* path) {
  if (!g_is_counting.load(std::memory_order_relaxed) || !path) return false;
  return path[0] == '/' || directory == AT_FDCWD ? IsBelow(path) : IsWatched(directory);
}

bool IsWatched(int descriptor) {
  if (!g_is_counting.load(std::memory_order_relaxed) || descriptor < 0) return false;
  const int before = errno;
  char link[32], path[PATH_MAX];
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", descriptor);
  const long size = ::syscall(SYS_readlink, link, path, sizeof(path));
  errno = before;
  return size > 0 && IsBelow(std::string_view(path, static_cast<size_t>(size)));
}

}  // namespace faulty

void faulty_watch(const char* folder) {
  using namespace faulty;
  g_is_counting = false;
  g_kind = -1;
  g_folder_size = std::strlen(folder);
  if (g_folder_size == 0 || g_folder_size >= sizeof(g_folder)) return;
  g_failures = 0;
  g_smallest = 0;
  for (auto& count : g_counts) count = 0;
  std::memcpy(g_folder, folder, g_folder_size + 1);
  g_is_counting = true;
}

void faulty_plan(int kind, long nth, int how, int error, size_t smallest) {
  using namespace faulty;
  g_kind = kind;
  g_nth = nth;
  g_how = static_cast<How>(how);
  g_error = error;
  g_smallest = smallest;
}

long faulty_count(int kind) { return faulty::g_counts[static_cast<size_t>(kind)]; }
long faulty_failures(void) { return faulty::g_failures; }
const char* faulty_name(int kind) { return faulty::kNames[static_cast<size_t>(kind)]; }
