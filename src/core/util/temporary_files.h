#pragma once

/// \file
/// What a process has to remove if it ends in the middle of its work.

#include <string>

#include "core/util/export.h"

namespace usdparquet {

/// The files and folders that this process is writing and that are to be gone if it does not
/// finish. Whoever makes one adds it, and takes it out once it is removed or has taken its name.
/// All functions are thread-safe.
class USDPARQUET_API TemporaryFiles {
 public:
  /// From now on everything whose path begins with `path` is temporary, in the folder of `path`:
  /// writers of other libraries make files beside theirs. Throws std::bad_alloc.
  static void Add(const std::string& path);

  /// Takes back what `Add` said of `path`; nothing happens if it did not.
  static void Forget(const std::string& path) noexcept;

  /// Removes all that was added and not forgotten, as far as the system lets it.
  static void RemoveAll() noexcept;
};

}  // namespace usdparquet
