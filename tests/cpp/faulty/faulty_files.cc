// The C library's functions for files.

#include <dirent.h>
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "faulty/faulty_calls.h"

// Their declarations have exception specifications and attributes that differ between releases:
// only what is needed is declared here, and fcntl.h, stdlib.h and sys/mman.h are not included.

using faulty::Count;
using faulty::IsWatched;
using faulty::Verdict;

namespace {

constexpr int kHasMode = 0100 | 020000000;  // O_CREAT, O_TMPFILE without O_DIRECTORY

/// The function that this library stands before.
template <typename F>
F* Real(const char* name, F*) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

#define REAL(name) static auto* const real = Real(#name, static_cast<decltype(&name)>(nullptr))

bool Fails(bool is_watched, faulty::Kind kind) { return is_watched && Count(kind).is_failure; }

/// What a read or write of `size` bytes is to do: -1 fail, else how many bytes.
ssize_t Allowed(bool is_watched, faulty::Kind kind, size_t size) {
  const auto all = static_cast<ssize_t>(size);
  const Verdict verdict = is_watched ? Count(kind) : Verdict();
  if (!verdict.is_failure) return all;
  if (verdict.how == faulty::kShort) return all / 2;
  return verdict.how == faulty::kEndsOn ? 0 : -1;
}

}  // namespace

// NOLINTBEGIN: the names are not ours to choose.
extern "C" {

#define OPEN(name)                                                        \
  int name(const char* path, int flags, ...) {                            \
    REAL(name);                                                           \
    va_list arguments;                                                    \
    va_start(arguments, flags);                                           \
    const mode_t mode = flags & kHasMode ? va_arg(arguments, mode_t) : 0; \
    va_end(arguments);                                                    \
    if (Fails(IsWatched(path), faulty::kOpen)) return -1;                 \
    return real(path, flags, mode);                                       \
  }
OPEN(open)
OPEN(open64)

#define OPEN_AT(name)                                                     \
  int name(int folder, const char* path, int flags, ...) {                \
    REAL(name);                                                           \
    va_list arguments;                                                    \
    va_start(arguments, flags);                                           \
    const mode_t mode = flags & kHasMode ? va_arg(arguments, mode_t) : 0; \
    va_end(arguments);                                                    \
    if (Fails(IsWatched(folder, path), faulty::kOpen)) return -1;         \
    return real(folder, path, flags, mode);                               \
  }
OPEN_AT(openat)
OPEN_AT(openat64)

#define FOPEN(name)                                            \
  FILE* name(const char* path, const char* mode) {             \
    REAL(name);                                                \
    if (Fails(IsWatched(path), faulty::kOpen)) return nullptr; \
    return real(path, mode);                                   \
  }
FOPEN(fopen)
FOPEN(fopen64)

DIR* opendir(const char* path) {
  REAL(opendir);
  return Fails(IsWatched(path), faulty::kOpen) ? nullptr : real(path);
}

int mkstemp(char* path);
int mkstemp(char* path) {
  REAL(mkstemp);
  return Fails(IsWatched(path), faulty::kOpen) ? -1 : real(path);
}

ssize_t read(int file, void* out, size_t size) {
  REAL(read);
  const ssize_t allowed = Allowed(IsWatched(file), faulty::kRead, size);
  return allowed < 0 ? -1 : real(file, out, static_cast<size_t>(allowed));
}

#define PREAD(name)                                                              \
  ssize_t name(int file, void* out, size_t size, off_t at) {                     \
    REAL(name);                                                                  \
    const ssize_t allowed = Allowed(IsWatched(file), faulty::kRead, size);       \
    return allowed < 0 ? -1 : real(file, out, static_cast<size_t>(allowed), at); \
  }
PREAD(pread)
PREAD(pread64)

ssize_t write(int file, const void* bytes, size_t size) {
  REAL(write);
  const ssize_t allowed = Allowed(IsWatched(file), faulty::kWrite, size);
  return allowed < 0 ? -1 : real(file, bytes, static_cast<size_t>(allowed));
}

#define PWRITE(name)                                                               \
  ssize_t name(int file, const void* bytes, size_t size, off_t at) {               \
    REAL(name);                                                                    \
    const ssize_t allowed = Allowed(IsWatched(file), faulty::kWrite, size);        \
    return allowed < 0 ? -1 : real(file, bytes, static_cast<size_t>(allowed), at); \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

#define VECTOR(name, kind)                                          \
  ssize_t name(int file, const struct iovec* parts, int count) {    \
    REAL(name);                                                     \
    if (!IsWatched(file)) return real(file, parts, count);          \
    const Verdict verdict = Count(kind);                            \
    if (!verdict.is_failure) return real(file, parts, count);       \
    if (verdict.how == faulty::kShort) return real(file, parts, 1); \
    return verdict.how == faulty::kEndsOn ? 0 : -1;                 \
  }
VECTOR(readv, faulty::kRead)
VECTOR(writev, faulty::kWrite)

#define OF_FILE(name, kind)                                \
  int name(int file) {                                     \
    REAL(name);                                            \
    return Fails(IsWatched(file), kind) ? -1 : real(file); \
  }
OF_FILE(fsync, faulty::kSync)
OF_FILE(fdatasync, faulty::kSync)

// A close that fails has closed.
int close(int file) {
  REAL(close);
  const bool fails = Fails(IsWatched(file), faulty::kClose);
  const int error = fails ? errno : 0;
  const int result = real(file);
  if (fails) errno = error;
  return fails ? -1 : result;
}
int fclose(FILE* file) {
  REAL(fclose);
  const bool fails = Fails(IsWatched(::fileno(file)), faulty::kClose);
  const int error = fails ? errno : 0;
  const int result = real(file);
  if (fails) errno = error;
  return fails ? EOF : result;
}

int rename(const char* from, const char* to) {
  REAL(rename);
  return Fails(IsWatched(from) || IsWatched(to), faulty::kRename) ? -1 : real(from, to);
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  REAL(renameat);
  const bool is_watched = IsWatched(from_folder, from) || IsWatched(to_folder, to);
  return Fails(is_watched, faulty::kRename) ? -1 : real(from_folder, from, to_folder, to);
}

#define STAT(name)                                                       \
  int name(const char* path, struct stat* out) {                         \
    REAL(name);                                                          \
    return Fails(IsWatched(path), faulty::kStat) ? -1 : real(path, out); \
  }
STAT(stat)
STAT(lstat)
int fstat(int file, struct stat* out) {
  REAL(fstat);
  return Fails(IsWatched(file), faulty::kStat) ? -1 : real(file, out);
}
int fstat64(int file, struct stat64* out) {
  REAL(fstat64);
  return Fails(IsWatched(file), faulty::kStat) ? -1 : real(file, out);
}
int stat64(const char* path, struct stat64* out) {
  REAL(stat64);
  return Fails(IsWatched(path), faulty::kStat) ? -1 : real(path, out);
}
int fstatat(int folder, const char* path, struct stat* out, int flags) {
  REAL(fstatat);
  return Fails(IsWatched(folder, path), faulty::kStat) ? -1 : real(folder, path, out, flags);
}

// As programs ask that were built with glibc before 2.33.
#define OLD_STAT(name, type)                                                      \
  int name(int version, const char* path, type* out);                             \
  int name(int version, const char* path, type* out) {                            \
    REAL(name);                                                                   \
    return Fails(IsWatched(path), faulty::kStat) ? -1 : real(version, path, out); \
  }
OLD_STAT(__xstat, struct stat)
OLD_STAT(__xstat64, struct stat64)
OLD_STAT(__lxstat, struct stat)
OLD_STAT(__lxstat64, struct stat64)
#define OLD_FSTAT(name, type)                                                     \
  int name(int version, int file, type* out);                                     \
  int name(int version, int file, type* out) {                                    \
    REAL(name);                                                                   \
    return Fails(IsWatched(file), faulty::kStat) ? -1 : real(version, file, out); \
  }
OLD_FSTAT(__fxstat, struct stat)
OLD_FSTAT(__fxstat64, struct stat64)

int access(const char* path, int mode) {
  REAL(access);
  return Fails(IsWatched(path), faulty::kStat) ? -1 : real(path, mode);
}

int mkdir(const char* path, mode_t mode) {
  REAL(mkdir);
  return Fails(IsWatched(path), faulty::kMakeFolder) ? -1 : real(path, mode);
}
char* mkdtemp(char* path);
char* mkdtemp(char* path) {
  REAL(mkdtemp);
  return Fails(IsWatched(path), faulty::kMakeFolder) ? nullptr : real(path);
}

int chmod(const char* path, mode_t mode) {
  REAL(chmod);
  return Fails(IsWatched(path), faulty::kMode) ? -1 : real(path, mode);
}
int fchmod(int file, mode_t mode) {
  REAL(fchmod);
  return Fails(IsWatched(file), faulty::kMode) ? -1 : real(file, mode);
}

int flock(int file, int operation);
int flock(int file, int operation) {
  REAL(flock);
  return Fails(IsWatched(file), faulty::kLock) ? -1 : real(file, operation);
}

#define REMOVE(name)                                                  \
  int name(const char* path) {                                        \
    REAL(name);                                                       \
    return Fails(IsWatched(path), faulty::kRemove) ? -1 : real(path); \
  }
REMOVE(unlink)
REMOVE(rmdir)
REMOVE(remove)
int unlinkat(int folder, const char* path, int flags) {
  REAL(unlinkat);
  return Fails(IsWatched(folder, path), faulty::kRemove) ? -1 : real(folder, path, flags);
}

}  // extern "C"
// NOLINTEND
