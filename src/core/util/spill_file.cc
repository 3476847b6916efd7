#include "core/util/spill_file.h"

#include <cerrno>
#include <filesystem>

#include "core/util/block_memory.h"
#include "core/util/replace_file.h"
#include "core/util/system_calls.h"
#include "core/util/system_error.h"
#include "core/util/temporary_files.h"

namespace usdparquet {
namespace {

/// A file in `folder` that lost its name, or -1, and errno says why.
int OpenNameless(const std::string& folder) {
  const int descriptor = MakeNamelessFile(folder);
  if (descriptor >= 0 || !IsOfNoUse()) return descriptor;
  std::string name = folder + "/.usdparquet-spill-XXXXXX";
  const int named = MakeFileNamed(&name);
  if (named < 0) return named;
  TemporaryFiles::Add(name);
  const bool is_gone = RemoveFile(name);
  const int reason = errno;
  TemporaryFiles::Forget(name);
  if (is_gone) return named;
  CloseFile(named);
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

SpillFile::~SpillFile() { CloseFile(descriptor_); }

arrow::Result<int64_t> SpillFile::Append(std::string_view bytes) {
  const int64_t offset = size_;
  if (!WriteAt(descriptor_, bytes, offset)) {
    return SystemError("can't write a temporary file beside it");
  }
  size_ += static_cast<int64_t>(bytes.size());
  return offset;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> SpillFile::ReadAt(int64_t offset,
                                                                int64_t size) const {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(size, BlockPool()));
  for (int64_t done = 0; done < size;) {
    const int64_t count = usdparquet::ReadAt(descriptor_, buffer->mutable_data() + done,
                                             static_cast<size_t>(size - done), offset + done);
    if (count < 0) return SystemError("can't read a temporary file beside it");
    if (count == 0) return arrow::Status::IOError("a temporary file beside it is cut off");
    done += count;
  }
  return buffer;
}

}  // namespace usdparquet
