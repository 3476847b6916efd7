#pragma once

/// \file
/// Writing a file so that a reader finds the old one or the new one, never a part.

#include <arrow/io/file.h>
#include <arrow/result.h>

#include <memory>
#include <string>

namespace usdparquet {

/// A file that takes its name only when it is complete. It is written under another name in the
/// same folder; without Commit, the destructor removes it. Not thread-safe.
class ReplaceFile {
 public:
  explicit ReplaceFile(std::string path);
  ~ReplaceFile();
  ReplaceFile(const ReplaceFile&) = delete;
  ReplaceFile& operator=(const ReplaceFile&) = delete;

  /// Creates the temporary file.
  arrow::Result<std::shared_ptr<arrow::io::OutputStream>> Open();

  /// Brings the data to the disk and gives the file its name.
  arrow::Status Commit();

 private:
  const std::string path_;
  std::string temporary_;
  std::shared_ptr<arrow::io::FileOutputStream> stream_;
};

}  // namespace usdparquet
