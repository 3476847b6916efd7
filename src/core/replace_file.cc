#include "replace_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

namespace usdparquet {

ReplaceFile::ReplaceFile(std::string path) : path_(std::move(path)) {}

ReplaceFile::~ReplaceFile() {
  if (temporary_.empty()) return;
  if (stream_) (void)stream_->Close();
  ::unlink(temporary_.c_str());
}

arrow::Result<std::shared_ptr<arrow::io::OutputStream>> ReplaceFile::Open() {
  std::vector<char> name(path_.begin(), path_.end());
  for (const char c : std::string_view(".XXXXXX")) name.push_back(c);
  name.push_back('\0');
  const int descriptor = ::mkstemp(name.data());
  if (descriptor < 0) {
    return arrow::Status::IOError("can't write into the folder: ", std::strerror(errno));
  }
  temporary_ = name.data();
  // mkstemp makes it private; a new file gets the usual mode, a replaced one keeps its own.
  struct stat old;
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(descriptor, ::stat(path_.c_str(), &old) == 0 ? old.st_mode & 07777 : 0666 & ~mask);
  ARROW_ASSIGN_OR_RAISE(stream_, arrow::io::FileOutputStream::Open(descriptor));
  return stream_;
}

arrow::Status ReplaceFile::Commit() {
  ARROW_RETURN_NOT_OK(stream_->Flush());
  if (::fsync(stream_->file_descriptor()) != 0) {
    return arrow::Status::IOError("the data did not reach the disk: ", std::strerror(errno));
  }
  ARROW_RETURN_NOT_OK(stream_->Close());
  stream_.reset();
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return arrow::Status::IOError("can't replace the file: ", std::strerror(errno));
  }
  temporary_.clear();
  return arrow::Status::OK();
}

}  // namespace usdparquet
