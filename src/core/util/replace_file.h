#pragma once

/// \file
/// Writing a file so that a reader finds the old one or the new one, never a part.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/util/held_file.h"

namespace usdparquet {

/// What a symbolic link leads to, be it there or not; else `path` itself.
std::filesystem::path FollowLinks(std::filesystem::path path);

/// Removes the hidden folder of a ReplaceFile, unless one is still writing in it.
void RemoveStaleFolder(const std::filesystem::path& folder);

/// A file that takes its name only when it is complete. Until then it lies in a hidden folder
/// beside it, `.NAME.tmp-XXXXXX`; without Commit, the destructor removes that. Where a process was
/// killed, its folder stays behind, and the next writer of the same file removes it: a folder in
/// use is locked.
///
/// Where the name is a symbolic link, the file it points to is replaced. A replaced file keeps its
/// mode. Not thread-safe; several of them, also in several processes, may write one file at a time,
/// and the last one stays.
class ReplaceFile {
 public:
  explicit ReplaceFile(std::string path);
  ~ReplaceFile();
  ReplaceFile(const ReplaceFile&) = delete;
  ReplaceFile& operator=(const ReplaceFile&) = delete;

  /// Creates the file in its hidden folder. Fails if the file could not be replaced later: if it
  /// is a folder or read-only, or if nothing can be written beside it.
  arrow::Result<std::shared_ptr<arrow::io::OutputStream>> Open();

  /// The path of a temporary file `name` beside it, gone after Commit. REQUIRES: Open succeeded.
  std::string SidePath(std::string_view name) const;

  /// What was written so far, for reading. REQUIRES: Open succeeded.
  arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenWritten() const;

  /// Puts `bytes` at byte `offset` of the file, over what was written or directly behind it.
  /// Nothing may be written to the stream of Open afterwards. REQUIRES: Open succeeded.
  arrow::Status Overwrite(int64_t offset, std::string_view bytes);

  /// Brings the data to the disk and gives the file its name.
  arrow::Status Commit();

 private:
  arrow::Status MakeFolder();
  void RemoveFolder();

  const std::string path_;
  std::string target_;  // path_, or what it is a link to
  std::string folder_;  // empty: none
  int folder_descriptor_ = -1;
  std::shared_ptr<HeldFile> stream_;
};

}  // namespace usdparquet
