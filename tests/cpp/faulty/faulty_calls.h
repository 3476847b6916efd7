#pragma once

/// \file
/// Calls of the system that fail on demand: a library that is loaded before all others
/// (LD_PRELOAD) and stands in for the C library's functions. tests/python/faulty_process.py loads
/// it and says which call is to fail.
///
/// Only calls for files below a folder count, by any code of the process; of allocations and
/// threads only those that usdparquet asks for, be it through Arrow or the standard library. Linux,
/// glibc, 64 bits.

#include <cstddef>

namespace faulty {

/// What is counted apart. The names are in `faulty_name`.
enum Kind : int {
  kOpen,
  kRead,
  kWrite,
  kSync,
  kRename,
  kClose,
  kMap,
  kStat,
  kMakeFolder,
  kMode,
  kLock,
  kRemove,
  kAllocate,
  kStartThread,
  kNumKinds
};

/// How a call fails.
enum How : int {
  kError,     ///< once, with an errno
  kErrorsOn,  ///< so do all later ones of its kind
  kShort,     ///< once, reads or writes half of what it was asked for
  kEndsOn,    ///< reads nothing more, as at the end of the file; so do all later ones
  kKill,      ///< the process ends before the call, as by `kill -9`
};

/// What the next call of a kind is to do.
struct Verdict {
  bool is_failure = false;
  How how = kError;
};

/// Counts a call of `kind`. Sets errno if it is to fail.
Verdict Count(Kind kind);

/// Whether calls for this path, or of this descriptor, count.
bool IsWatched(const char* path);
bool IsWatched(int directory, const char* path);
bool IsWatched(int descriptor);

}  // namespace faulty

extern "C" {

/// Counts from 0 for files below `folder`, an absolute path without links; if it is empty, counts
/// no more, and the counts stay. Nothing is to fail any more.
void faulty_watch(const char* folder);
/// Has the call number `nth`, from 0, of `kind` fail. `error` is an errno; allocations below
/// `smallest` bytes do not count.
void faulty_plan(int kind, long nth, int how, int error, size_t smallest);
/// How many calls of `kind` there were.
long faulty_count(int kind);
/// How many failed.
long faulty_failures(void);
const char* faulty_name(int kind);
}
