#include "core/util/temporary_files.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <vector>

namespace usdparquet {
namespace {

namespace fs = std::filesystem;

struct Registry {
  std::mutex mutex;
  std::vector<std::string> paths;
};

/// Never destroyed: writers may end after the process's static objects.
Registry& TheRegistry() {
  static auto* const registry = new Registry;
  return *registry;
}

void RemoveBeginningWith(const fs::path& path) {
  const std::string begin = path.filename().string();
  std::error_code error;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->path().filename().string().starts_with(begin)) fs::remove_all(it->path(), ignored);
  }
}

}  // namespace

void TemporaryFiles::Add(const std::string& path) {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  registry.paths.push_back(path);
}

void TemporaryFiles::Forget(const std::string& path) noexcept {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  const auto at = std::find(registry.paths.begin(), registry.paths.end(), path);
  if (at != registry.paths.end()) registry.paths.erase(at);
}

void TemporaryFiles::RemoveAll() noexcept {
  Registry& registry = TheRegistry();
  const std::lock_guard lock(registry.mutex);
  for (const std::string& path : registry.paths) {
    try {
      RemoveBeginningWith(path);
    } catch (const std::exception&) {  // no memory: the others may still be removed
    }
  }
}

}  // namespace usdparquet
