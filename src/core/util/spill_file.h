#pragma once

/// \file
/// Bytes that memory has no room for.

#include <arrow/buffer.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/util/export.h"

namespace usdparquet {

/// A file without a name, so that nothing is left of it however the process ends. Errors do not
/// name a file.
class USDPARQUET_API SpillFile {
 public:
  /// Makes one in the folder of the file `target`.
  static arrow::Result<std::unique_ptr<SpillFile>> Make(const std::string& target);
  ~SpillFile();
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  /// Adds bytes at its end and returns where they begin. One thread at a time.
  arrow::Result<int64_t> Append(std::string_view bytes);

  /// What was appended there. Any number of threads may call it.
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t offset, int64_t size) const;

 private:
  explicit SpillFile(int descriptor) : descriptor_(descriptor) {}

  const int descriptor_;
  int64_t size_ = 0;
};

}  // namespace usdparquet
