#pragma once

/// \file
/// A file in the making, which is written in large parts.

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace usdparquet {

/// Holds the last bytes in memory, and a small file whole until it is synced: Arrow writes pages in
/// small parts, and a file is read again and changed before it is complete. Not thread-safe.
class HeldFile final : public arrow::io::OutputStream {
 public:
  /// Takes over the descriptor of an empty file that can be written; `path` is for reading.
  HeldFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~HeldFile() override;

  arrow::Status Write(const void* bytes, int64_t count) override;
  using OutputStream::Write;
  arrow::Result<int64_t> Tell() const override { return written_ + Held(); }
  arrow::Status Flush() override;
  arrow::Status Close() override;
  bool closed() const override { return descriptor_ < 0; }

  /// Puts `bytes` at byte `offset`, over what was written or directly behind it.
  arrow::Status Overwrite(int64_t offset, std::string_view bytes);
  /// What was written so far, for reading; later changes may not show.
  arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenForReading();
  /// Brings all of it to the disk.
  arrow::Status Sync();

 private:
  int64_t Held() const { return static_cast<int64_t>(held_.size()); }

  int descriptor_;  // -1: closed
  const std::string path_;
  int64_t written_ = 0;  // the bytes before those held
  std::string held_;
};

}  // namespace usdparquet
