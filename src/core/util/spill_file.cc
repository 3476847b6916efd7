#include "core/util/spill_file.h"

#include <arrow/memory_pool.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "core/util/replace_file.h"
#include "core/util/system_error.h"
#include "core/util/temporary_files.h"
#include "core/util/write_at.h"

namespace usdparquet {
namespace {

/// A file in `folder` that lost its name, or -1, and errno says why.
int OpenNameless(const std::string& folder) {
#ifdef O_TMPFILE
  const int descriptor = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) {
    return descriptor;
  }
#endif
  std::string name = folder + "/.usdparquet-spill-XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named < 0) return named;
  TemporaryFiles::Add(name);
  const bool is_gone = ::unlink(name.c_str()) == 0;
  const int reason = errno;
  TemporaryFiles::Forget(name);
  if (is_gone) return named;
  ::close(named);
  errno = reason;
  return -1;
}

}  // namespace

arrow::Result<std::unique_ptr<SpillFile>> SpillFile::Make(const std::string& target) {
  const std::filesystem::path folder = FollowLinks(target).parent_path();
  const int descriptor = OpenNameless(folder.empty() ? "." : folder.string());
  if (descriptor < 0) return SystemError("can't make a temporary file beside it");
  return std::unique_ptr<SpillFile>(new SpillFile(descriptor));
}

SpillFile::~SpillFile() { ::close(descriptor_); }

arrow::Result<int64_t> SpillFile::Append(std::string_view bytes) {
  const int64_t offset = size_;
  ARROW_RETURN_NOT_OK(
      WriteAt(descriptor_, offset, bytes, "can't write a temporary file beside it"));
  size_ += static_cast<int64_t>(bytes.size());
  return offset;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> SpillFile::ReadAt(int64_t offset,
                                                                int64_t size) const {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(size, arrow::system_memory_pool()));
  for (int64_t done = 0; done < size;) {
    const ssize_t count = ::pread(descriptor_, buffer->mutable_data() + done,
                                  static_cast<size_t>(size - done), offset + done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError("can't read a temporary file beside it");
    if (count == 0) return arrow::Status::IOError("a temporary file beside it is cut off");
    done += count;
  }
  return buffer;
}

}  // namespace usdparquet
