#pragma once

/// \file
/// The calls of the system that the C++ library does not have: all that core and plugin use.
/// Whoever brings the project to another system begins here (docs/compatibility.md).
///
/// A call that fails leaves its reason in `errno` (SystemError makes a status of it). None of them
/// throws or allocates, unless it says so. Thread-safe.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/util/export.h"

namespace usdparquet {

// --- memory -----------------------------------------------------------------------------------

/// The bytes that the system gives at a time.
size_t MemoryPageSize();

/// `size` bytes of zeros that lie alone, or null. With `populate` they are all there at once, else
/// each page when it is first touched. REQUIRES: size > 0.
void* MapMemory(size_t size, bool populate);

/// As MapMemory without `populate`, but no memory is promised either: for more than will be used.
void* ReserveMemory(size_t size);

/// The first `size` bytes of an opened file, to be read, or null. They change with the file.
/// REQUIRES: 0 < size, at most the file's.
USDPARQUET_API void* MapFile(int descriptor, size_t size);

/// Gives mapped memory another size, which may move it; null, and nothing has changed, if it fails.
void* RemapMemory(void* memory, size_t old_size, size_t new_size);

/// Ends a mapping. `size` is that of now.
USDPARQUET_API void UnmapMemory(void* memory, size_t size);

/// Has the system take a mapping page by page, not in huge ones.
void AvoidHugePages(void* memory, size_t size);

/// Puts memory of the process, with the same bytes, in the place of a part of a mapped file, so
/// that they neither change nor end with the file. Where there is no memory, all stays as it is.
/// Other threads may read the bytes meanwhile.
void TakeOutOfFile(const void* memory, size_t size);

/// Gives memory back to the system. It stays mapped and holds zeros.
void EmptyMemory(void* memory, size_t size);

// --- files ------------------------------------------------------------------------------------

/// What a name leads to.
enum class FileKind : uint8_t { kNone, kFile, kFolder, kPipe, kSocket, kDevice, kOther };

struct FoundFile {
  FileKind kind = FileKind::kNone;
  unsigned permissions = 0;
  int64_t size = 0;  ///< in bytes
  /// Together those of no other file, whatever it is called; `number` is 0 where there are none.
  uint64_t device = 0, number = 0;
};

/// What lies under `path`, links followed; kNone if nothing does, or if that cannot be told.
FoundFile FindFile(const std::string& path);
/// What was opened.
FoundFile FindFile(int descriptor);

/// Whether this process may write the file that is there.
bool MayWrite(const std::string& path);

/// Opens to read, and does not wait for a pipe. Returns the descriptor or -1.
int OpenToRead(const std::string& path);

/// Makes a file that was not there, to be written. Returns the descriptor or -1.
int MakeFile(const std::string& path);

/// Opens a file that is no link, to be read and changed. Returns the descriptor or -1.
int OpenToChange(const std::string& path);

/// Makes a file without a name in a folder, to be written and read. Returns the descriptor or -1;
/// IsOfNoUse() tells then whether that was because such files are unknown there.
int MakeNamelessFile(const std::string& folder);
bool IsOfNoUse();

/// Makes a file with a name of its own in place of the six X at the end of `path`, to be written
/// and read. Returns the descriptor or -1.
int MakeFileNamed(std::string* path);

bool RemoveFile(const std::string& path);

/// As pread: the bytes that were read, 0 at the end of the file, or -1. Goes on after signals.
USDPARQUET_API int64_t ReadAt(int descriptor, void* bytes, size_t size, int64_t offset);

/// Writes all of `bytes` at byte `offset`. Goes on after signals.
bool WriteAt(int descriptor, std::string_view bytes, int64_t offset);

void SetPermissions(int descriptor, unsigned permissions);

/// Brings the data to the disk.
bool SyncFile(int descriptor);

USDPARQUET_API bool CloseFile(int descriptor);

/// Gives the file `from` the name `to`, in place of the one that had it.
bool RenameFile(const std::string& from, const std::string& to);

/// A file without a name, in memory, with `bytes`. Returns its descriptor or -1; another part of
/// the process opens it by `path`, which is empty if it does not hold all bytes. Allocates.
USDPARQUET_API int MakeMemoryFile(std::string_view bytes, std::string* path);

// --- folders ----------------------------------------------------------------------------------

/// Makes a folder with a name of its own in place of the six X at the end of `path`.
bool MakeFolder(std::string* path);

/// Opens a folder, links followed. Returns the descriptor or -1.
int OpenFolder(const std::string& path);

/// Takes the lock of what was opened, which ends with the process at the latest. IsTakenOrGone()
/// tells whether it failed because another has it.
bool TakeLock(int descriptor);

/// Opens a folder and takes its lock, which ends with the process at the latest. Returns the
/// descriptor or -1; IsTakenOrGone() tells then whether that was because another has it.
int LockFolder(const std::string& path);
bool IsTakenOrGone();

/// Removes a file of an opened folder.
void RemoveFileIn(int folder, const char* name);

/// Removes an empty folder.
bool RemoveFolder(const std::string& path);

}  // namespace usdparquet
