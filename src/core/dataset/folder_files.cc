#include "core/dataset/folder_files.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/util/limits.h"
#include "core/util/system_calls.h"
#include "core/util/system_error.h"

namespace usdparquet {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxFolderDepth = 32;

arrow::Status CannotList(const std::string& folder, const std::error_code& error) {
  errno = error.value();
  return SystemError(("can't list the folder " + folder).c_str());
}

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
    std::vector<std::string> folders;
    std::error_code error;
    fs::directory_iterator entries(folder_ + "/" + inside, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      const std::string name = entries->path().filename().string();
      if (name[0] == '.' || name[0] == '_') continue;
      std::error_code ignored;
      if (entries->is_directory(ignored)) {  // links followed
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
    if (error) return CannotList(inside, error);
    for (const std::string& below : folders) {
      std::error_code ignored;
      const fs::path place = fs::canonical(folder_ + "/" + below, ignored);
      if (place.empty() || !visited_.insert(place.string()).second) continue;  // links may go round
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
  std::set<std::string> visited_;
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

std::vector<SameFile> FindSameFiles(const std::vector<std::string>& files) {
  std::map<std::pair<uint64_t, uint64_t>, size_t> by_number;
  std::unordered_map<std::string, size_t> by_name;
  std::vector<SameFile> same;
  for (size_t i = 0; i < files.size(); ++i) {
    const FoundFile found = FindFile(files[i]);
    size_t first;
    if (found.kind == FileKind::kNone || found.number == 0) {
      std::error_code ignored;
      const std::string name = fs::absolute(files[i], ignored).lexically_normal().string();
      first = by_name.try_emplace(name, i).first->second;
    } else {
      first = by_number.try_emplace({found.device, found.number}, i).first->second;
    }
    if (first != i) same.push_back({first, i});
  }
  return same;
}

arrow::Result<std::vector<std::string>> FoldersIn(const std::string& folder) {
  Lister lister(folder);
  ARROW_RETURN_NOT_OK(lister.Add("", 0));
  return lister.folders();
}

bool HasManifest(const std::string& folder) {
  return FindFile(folder + "/" + kManifestName).kind != FileKind::kNone;
}

bool IsFolder(const std::string& path) { return FindFile(path).kind == FileKind::kFolder; }

}  // namespace usdparquet
