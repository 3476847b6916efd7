#include "core/util/held_file.h"

#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>

#include <algorithm>
#include <utility>

#include "core/util/system_calls.h"
#include "core/util/system_error.h"

namespace usdparquet {
namespace {

constexpr int64_t kMostHeld = 64 << 10;
constexpr char kCannotWrite[] = "can't write the file";

arrow::Status Put(int descriptor, int64_t offset, std::string_view bytes) {
  return WriteAt(descriptor, bytes, offset) ? arrow::Status::OK() : SystemError(kCannotWrite);
}

}  // namespace

HeldFile::~HeldFile() { (void)Close(); }

arrow::Status HeldFile::Write(const void* bytes, int64_t count) {
  const std::string_view added(static_cast<const char*>(bytes), static_cast<size_t>(count));
  if (Held() + count > kMostHeld) ARROW_RETURN_NOT_OK(Flush());
  if (count > kMostHeld) {
    ARROW_RETURN_NOT_OK(Put(descriptor_, written_, added));
    written_ += count;
  } else {
    held_ += added;
  }
  return arrow::Status::OK();
}

arrow::Status HeldFile::Flush() {
  ARROW_RETURN_NOT_OK(Put(descriptor_, written_, held_));
  written_ += Held();
  held_.clear();
  return arrow::Status::OK();
}

arrow::Status HeldFile::Close() {
  if (closed()) return arrow::Status::OK();
  return CloseFile(std::exchange(descriptor_, -1)) ? arrow::Status::OK()
                                                   : SystemError(kCannotWrite);
}

arrow::Status HeldFile::Overwrite(int64_t offset, std::string_view bytes) {
  if (offset < written_ || offset > written_ + Held()) {
    ARROW_RETURN_NOT_OK(Flush());
    ARROW_RETURN_NOT_OK(Put(descriptor_, offset, bytes));
    written_ = std::max(written_, offset + static_cast<int64_t>(bytes.size()));
    return arrow::Status::OK();
  }
  const auto at = static_cast<size_t>(offset - written_);
  held_.replace(at, std::min(bytes.size(), held_.size() - at), bytes);
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> HeldFile::OpenForReading() {
  if (written_ == 0) {
    return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(held_));
  }
  ARROW_RETURN_NOT_OK(Flush());
  return arrow::io::ReadableFile::Open(path_);
}

arrow::Status HeldFile::Sync() {
  ARROW_RETURN_NOT_OK(Flush());
  if (SyncFile(descriptor_)) return arrow::Status::OK();
  return SystemError("the data did not reach the disk");
}

}  // namespace usdparquet
