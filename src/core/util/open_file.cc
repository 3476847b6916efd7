#include "core/util/open_file.h"

#include <arrow/io/file.h>
#include <arrow/memory_pool.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace usdparquet {
namespace {

bool IsSet(const char* value) {
  if (!value) return false;
  std::string text = value;
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text != "" && text != "0" && text != "false" && text != "no" && text != "off";
}

arrow::Status CheckMode(mode_t mode) {
  if (S_ISREG(mode)) return arrow::Status::OK();
  const char* const kind = S_ISDIR(mode)                    ? "folder"
                           : S_ISFIFO(mode)                 ? "pipe"
                           : S_ISSOCK(mode)                 ? "socket"
                           : S_ISCHR(mode) || S_ISBLK(mode) ? "device"
                                                            : "special file";
  return arrow::Status::IOError("this is a ", kind, ", not a file");
}

}  // namespace

bool UsesPread() {
  static const bool uses_pread = IsSet(std::getenv("USDPARQUET_USE_PREAD"));
  return uses_pread;
}

arrow::Status CheckRegularFile(const std::string& path) {
  struct stat found;
  return ::stat(path.c_str(), &found) == 0 ? CheckMode(found.st_mode) : arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenFile(const std::string& path) {
  ARROW_RETURN_NOT_OK(CheckRegularFile(path));
  // Should a pipe have taken the name since, it is not waited for.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    return arrow::Status::IOError("the file can't be opened: ", std::strerror(errno));
  }
  struct stat opened;
  const arrow::Status status = ::fstat(descriptor, &opened) == 0
                                   ? CheckMode(opened.st_mode)
                                   : arrow::Status::IOError(std::strerror(errno));
  if (!status.ok()) {
    ::close(descriptor);
    return status;
  }
  return arrow::io::ReadableFile::Open(descriptor, arrow::system_memory_pool());
}

}  // namespace usdparquet
