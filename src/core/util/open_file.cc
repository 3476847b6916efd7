#include "core/util/open_file.h"

#include <arrow/io/file.h>
#include <arrow/memory_pool.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/util/system_calls.h"

namespace usdparquet {
namespace {

bool IsSet(const char* value) {
  if (!value) return false;
  std::string text = value;
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text != "" && text != "0" && text != "false" && text != "no" && text != "off";
}

arrow::Status CheckKind(FileKind kind) {
  if (kind == FileKind::kFile || kind == FileKind::kNone) return arrow::Status::OK();
  const char* const name = kind == FileKind::kFolder   ? "folder"
                           : kind == FileKind::kPipe   ? "pipe"
                           : kind == FileKind::kSocket ? "socket"
                           : kind == FileKind::kDevice ? "device"
                                                       : "special file";
  return arrow::Status::IOError("this is a ", name, ", not a file");
}

}  // namespace

bool UsesPread() {
  static const bool uses_pread = IsSet(std::getenv("USDPARQUET_USE_PREAD"));
  return uses_pread;
}

arrow::Status CheckRegularFile(const std::string& path) { return CheckKind(FindFile(path).kind); }

arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenFile(const std::string& path) {
  ARROW_RETURN_NOT_OK(CheckRegularFile(path));
  // Should a pipe have taken the name since, it is not waited for.
  const int descriptor = OpenToRead(path);
  if (descriptor < 0) {
    return arrow::Status::IOError("the file can't be opened: ", std::strerror(errno));
  }
  const FileKind kind = FindFile(descriptor).kind;
  const arrow::Status status =
      kind == FileKind::kNone ? arrow::Status::IOError(std::strerror(errno)) : CheckKind(kind);
  if (!status.ok()) {
    CloseFile(descriptor);
    return status;
  }
  return arrow::io::ReadableFile::Open(descriptor, arrow::system_memory_pool());
}

}  // namespace usdparquet
