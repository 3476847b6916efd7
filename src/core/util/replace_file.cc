#include "core/util/replace_file.h"

#include <filesystem>
#include <new>
#include <system_error>

#include "core/util/open_file.h"
#include "core/util/system_calls.h"
#include "core/util/system_error.h"
#include "core/util/temporary_files.h"

namespace usdparquet {
namespace {

namespace fs = std::filesystem;

constexpr char kFileName[] = "table.parquet";
constexpr std::string_view kRandom = "XXXXXX";  // as MakeFolder wants it, at the end
/// Names of files have 255 bytes at most.
constexpr size_t kMaxName = 230;

/// How the hidden folders of a file begin.
std::string FolderPrefix(const fs::path& target) {
  return "." + target.filename().string().substr(0, kMaxName) + ".tmp-";
}

fs::path ParentOf(const fs::path& target) {
  return target.has_parent_path() ? target.parent_path() : fs::path(".");
}

/// Removes the folders that killed writers of `target` left.
void RemoveStaleFolders(const fs::path& target) {
  const std::string prefix = FolderPrefix(target);
  std::error_code error;
  for (fs::directory_iterator it(ParentOf(target), error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.size() != prefix.size() + kRandom.size() || !name.starts_with(prefix)) continue;
    RemoveStaleFolder(it->path());
  }
}

}  // namespace

void RemoveStaleFolder(const fs::path& folder) {
  const int descriptor = LockFolder(folder.string());
  if (descriptor < 0) return;
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  CloseFile(descriptor);
}

fs::path FollowLinks(fs::path path) {
  std::error_code error;
  for (int links = 0; links < 40; ++links) {
    if (!fs::is_symlink(path, error)) break;
    const fs::path next = fs::read_symlink(path, error);
    if (error) break;
    path = next.is_absolute() ? next : path.parent_path() / next;
  }
  return path;
}

ReplaceFile::ReplaceFile(std::string path) : path_(std::move(path)) {}

ReplaceFile::~ReplaceFile() {
  stream_.reset();
  RemoveFolder();
}

void ReplaceFile::RemoveFolder() {
  // Without memory or a new descriptor: there may be none left.
  if (folder_descriptor_ >= 0) RemoveFileIn(folder_descriptor_, kFileName);
  if (!folder_.empty() && !usdparquet::RemoveFolder(folder_)) {
    try {
      std::error_code ignored;
      fs::remove_all(folder_, ignored);
    } catch (const std::bad_alloc&) {
      // The next writer of the file removes it.
    }
  }
  TemporaryFiles::Forget(folder_);
  folder_.clear();
  if (folder_descriptor_ >= 0) CloseFile(folder_descriptor_);
  folder_descriptor_ = -1;
}

arrow::Status ReplaceFile::MakeFolder() {
  const std::string name =
      (ParentOf(target_) / (FolderPrefix(target_) + std::string(kRandom))).string();
  // Before it is locked, another writer may take the folder for one that was left behind.
  for (int attempt = 0; attempt < 100; ++attempt) {
    folder_ = name;
    if (!usdparquet::MakeFolder(&folder_)) {
      folder_.clear();
      return SystemError("can't write into the folder");
    }
    TemporaryFiles::Add(folder_);
    folder_descriptor_ = LockFolder(folder_);
    // Where folders have no locks, nobody removes any.
    const bool is_taken = folder_descriptor_ < 0 && IsTakenOrGone();
    if (!is_taken && FindFile(folder_).kind != FileKind::kNone) return arrow::Status::OK();
    RemoveFolder();
  }
  return arrow::Status::IOError("can't write into the folder: it keeps losing files");
}

std::string ReplaceFile::SidePath(std::string_view name) const {
  return (fs::path(folder_) / name).string();
}

arrow::Result<std::shared_ptr<arrow::io::OutputStream>> ReplaceFile::Open() {
  target_ = FollowLinks(path_).string();
  const FoundFile old = FindFile(target_);
  const bool is_there = old.kind != FileKind::kNone;
  ARROW_RETURN_NOT_OK(CheckRegularFile(target_));
  if (is_there && !MayWrite(target_)) {
    return SystemError("can't replace the file");
  }
  RemoveStaleFolders(target_);
  ARROW_RETURN_NOT_OK(MakeFolder());
  const int descriptor = MakeFile(SidePath(kFileName));
  if (descriptor < 0) return SystemError("can't write into the folder");
  if (is_there) SetPermissions(descriptor, old.permissions);
  stream_ = std::make_shared<HeldFile>(descriptor, SidePath(kFileName));
  return stream_;
}

arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> ReplaceFile::OpenWritten() const {
  return stream_->OpenForReading();
}

arrow::Status ReplaceFile::Overwrite(int64_t offset, std::string_view bytes) {
  return stream_->Overwrite(offset, bytes);
}

arrow::Status ReplaceFile::Commit() {
  ARROW_RETURN_NOT_OK(stream_->Sync());
  ARROW_RETURN_NOT_OK(stream_->Close());
  stream_.reset();
  if (!RenameFile(SidePath(kFileName), target_)) {
    return SystemError("can't replace the file");
  }
  RemoveFolder();
  return arrow::Status::OK();
}

}  // namespace usdparquet
