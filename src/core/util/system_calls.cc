#include "core/util/system_calls.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace usdparquet {
namespace {

void* Map(size_t size, int flags) {
  void* const memory =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

FoundFile FoundOf(const struct stat& found) {
  const mode_t mode = found.st_mode;
  const FileKind kind = S_ISREG(mode)                    ? FileKind::kFile
                        : S_ISDIR(mode)                  ? FileKind::kFolder
                        : S_ISFIFO(mode)                 ? FileKind::kPipe
                        : S_ISSOCK(mode)                 ? FileKind::kSocket
                        : S_ISCHR(mode) || S_ISBLK(mode) ? FileKind::kDevice
                                                         : FileKind::kOther;
  return {kind, mode & 07777, static_cast<int64_t>(found.st_size),
          static_cast<uint64_t>(found.st_dev), static_cast<uint64_t>(found.st_ino)};
}

}  // namespace

size_t MemoryPageSize() { return static_cast<size_t>(::sysconf(_SC_PAGESIZE)); }

void* MapMemory(size_t size, bool populate) { return Map(size, populate ? MAP_POPULATE : 0); }

void* ReserveMemory(size_t size) { return Map(size, MAP_NORESERVE); }

void* MapFile(int descriptor, size_t size) {
  void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

void* RemapMemory(void* memory, size_t old_size, size_t new_size) {
  void* const moved = ::mremap(memory, old_size, new_size, MREMAP_MAYMOVE);
  return moved == MAP_FAILED ? nullptr : moved;
}

void UnmapMemory(void* memory, size_t size) { ::munmap(memory, size); }

void AvoidHugePages(void* memory, size_t size) { ::madvise(memory, size, MADV_NOHUGEPAGE); }

void TakeOutOfFile(const void* memory, size_t size) {
  const size_t page = MemoryPageSize();
  const auto address = reinterpret_cast<uintptr_t>(memory);
  auto* const begin = reinterpret_cast<void*>(address / page * page);
  const size_t whole = (address % page + size + page - 1) / page * page;
  void* const copy = Map(whole, 0);
  if (!copy) return;
  // A private mapping would not do: where a file is cut, its copied pages go, too.
  std::memcpy(copy, begin, whole);
  if (::mremap(copy, whole, whole, MREMAP_MAYMOVE | MREMAP_FIXED, begin) == MAP_FAILED) {
    ::munmap(copy, whole);
  }
}

void EmptyMemory(void* memory, size_t size) { ::madvise(memory, size, MADV_DONTNEED); }

FoundFile FindFile(const std::string& path) {
  struct stat found;
  return ::stat(path.c_str(), &found) == 0 ? FoundOf(found) : FoundFile();
}

FoundFile FindFile(int descriptor) {
  struct stat found;
  return ::fstat(descriptor, &found) == 0 ? FoundOf(found) : FoundFile();
}

bool MayWrite(const std::string& path) { return ::access(path.c_str(), W_OK) == 0; }

int OpenToRead(const std::string& path) {
  return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

int MakeFile(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

int OpenToChange(const std::string& path) {
  return ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
}

int MakeNamelessFile(const std::string& folder) {
#ifdef O_TMPFILE
  return ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
#else
  errno = EOPNOTSUPP;
  return -1;
#endif
}

bool IsOfNoUse() { return errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL; }

int MakeFileNamed(std::string* path) { return ::mkostemp(path->data(), O_CLOEXEC); }

bool RemoveFile(const std::string& path) { return ::unlink(path.c_str()) == 0; }

int64_t ReadAt(int descriptor, void* bytes, size_t size, int64_t offset) {
  for (;;) {
    const ssize_t read = ::pread(descriptor, bytes, size, offset);
    if (read >= 0 || errno != EINTR) return read;
  }
}

bool WriteAt(int descriptor, std::string_view bytes, int64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += written;
  }
  return true;
}

void SetPermissions(int descriptor, unsigned permissions) {
  [[maybe_unused]] const int ignored = ::fchmod(descriptor, permissions);
}

bool SyncFile(int descriptor) { return ::fsync(descriptor) == 0; }

bool CloseFile(int descriptor) { return ::close(descriptor) == 0; }

bool RenameFile(const std::string& from, const std::string& to) {
  return ::rename(from.c_str(), to.c_str()) == 0;
}

int MakeMemoryFile(std::string_view bytes, std::string* path) {
  path->clear();
  const int descriptor = ::memfd_create("usdparquet", MFD_CLOEXEC);
  if (descriptor >= 0 && WriteAt(descriptor, bytes, 0)) {
    *path = "/proc/self/fd/" + std::to_string(descriptor);
  }
  return descriptor;
}

bool MakeFolder(std::string* path) { return ::mkdtemp(path->data()) != nullptr; }

int OpenFolder(const std::string& path) {
  return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool TakeLock(int descriptor) { return ::flock(descriptor, LOCK_EX | LOCK_NB) == 0; }

int LockFolder(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (descriptor < 0 || TakeLock(descriptor)) return descriptor;
  const int reason = errno;
  ::close(descriptor);
  errno = reason;
  return -1;
}

bool IsTakenOrGone() { return errno == EWOULDBLOCK || errno == ENOENT; }

void RemoveFileIn(int folder, const char* name) { ::unlinkat(folder, name, 0); }

bool RemoveFolder(const std::string& path) { return ::rmdir(path.c_str()) == 0; }

}  // namespace usdparquet
