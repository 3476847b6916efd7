#include "core/dataset/folder_files.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>
#include <utility>

#include "core/util/limits.h"
#include "core/util/system_error.h"

namespace usdparquet {
namespace {

constexpr int kMaxFolderDepth = 32;

class Lister {
 public:
  /// Adds up `f` of the names, if it is given, instead of keeping them.
  explicit Lister(const std::string& folder, uint64_t (*f)(std::string_view) = nullptr)
      : folder_(folder), f_(f) {}

  /// Adds the files below `inside`, which is empty or ends with a slash.
  arrow::Status Add(const std::string& inside, int depth) {
    if (depth > kMaxFolderDepth) {
      return arrow::Status::Invalid("folders lie more than ", kMaxFolderDepth,
                                    " deep in each other");
    }
    const std::unique_ptr<DIR, int (*)(DIR*)> listed(::opendir((folder_ + "/" + inside).c_str()),
                                                     &::closedir);
    if (!listed) {
      return SystemError(("can't list the folder " + inside).c_str());
    }
    std::vector<std::string> folders;
    for (;;) {
      errno = 0;
      const dirent* const entry = ::readdir(listed.get());
      if (!entry) break;
      const std::string name = entry->d_name;
      if (name[0] == '.' || name[0] == '_') continue;
      bool is_folder = entry->d_type == DT_DIR;
      if (entry->d_type != DT_REG && entry->d_type != DT_DIR) {
        struct stat found;  // a link, or a file system that does not tell
        is_folder =
            ::stat((folder_ + "/" + inside + name).c_str(), &found) == 0 && S_ISDIR(found.st_mode);
      }
      if (is_folder) {
        folders.push_back(inside + name + "/");
      } else if (f_) {
        sum_ += inside.empty() ? f_(name) : f_(inside + name);
      } else if (files_.size() < kMaxParts) {
        files_.push_back(inside + name);
      } else {
        return arrow::Status::CapacityError("the folder has more than ", kMaxParts,
                                            " files; write larger ones");
      }
    }
    if (errno != 0) return SystemError("can't list the folder");
    for (const std::string& below : folders) {
      struct stat found;
      const bool is_new = ::stat((folder_ + "/" + below).c_str(), &found) == 0 &&
                          visited_.emplace(found.st_dev, found.st_ino).second;
      if (!is_new) continue;  // links may go round
      folders_.push_back(folder_ + "/" + below.substr(0, below.size() - 1));
      ARROW_RETURN_NOT_OK(Add(below, depth + 1));
    }
    return arrow::Status::OK();
  }

  const std::vector<std::string>& folders() const { return folders_; }
  uint64_t sum() const { return sum_; }

  std::vector<std::string> Finish() {
    std::ranges::sort(files_);
    return std::move(files_);
  }

 private:
  const std::string& folder_;
  uint64_t (*const f_)(std::string_view);
  uint64_t sum_ = 0;
  std::vector<std::string> files_;
  std::vector<std::string> folders_;
  std::set<std::pair<dev_t, ino_t>> visited_;
};

}  // namespace

arrow::Result<std::vector<std::string>> FilesIn(const std::string& folder) {
  Lister lister(folder);
  ARROW_RETURN_NOT_OK(lister.Add("", 0));
  return lister.Finish();
}

arrow::Result<uint64_t> SumOfFiles(const std::string& folder,
                                   uint64_t (*f)(std::string_view name)) {
  Lister lister(folder, f);
  ARROW_RETURN_NOT_OK(lister.Add("", 0));
  return lister.sum();
}

arrow::Result<std::vector<std::string>> FoldersIn(const std::string& folder) {
  Lister lister(folder);
  ARROW_RETURN_NOT_OK(lister.Add("", 0));
  return lister.folders();
}

bool HasManifest(const std::string& folder) {
  struct stat found;
  return ::stat((folder + "/" + kManifestName).c_str(), &found) == 0;
}

bool IsFolder(const std::string& path) {
  struct stat found;
  return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

std::string PathFrom(const std::string& folder, const std::string& name) {
  return name.starts_with('/') ? name : folder + "/" + name;
}

}  // namespace usdparquet
