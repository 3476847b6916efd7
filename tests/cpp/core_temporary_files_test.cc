// What a process removes that ends in the middle of its work.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "core/util/temporary_files.h"

namespace fs = std::filesystem;

namespace usdparquet {
namespace {

std::set<std::string> NamesIn(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

TEST(TemporaryFiles, AllThatBeginsWithAPathIsRemoved) {
  const fs::path folder = fs::path(testing::TempDir()) / "temporary_files_test";
  fs::remove_all(folder);
  fs::create_directories(folder / ".out.abc.folder");
  for (const char* name : {".out.abc.usda", ".out.abc.folder/file", ".out.abd.usda", "out.usda"}) {
    std::ofstream(folder / name) << "text";
  }
  const std::string temporary = (folder / ".out.abc").string();
  const std::string finished = (folder / ".out.abd").string();
  const std::string nowhere = (folder / "none" / "at" / "all").string();
  for (const std::string& path : {nowhere, temporary, finished}) TemporaryFiles::Add(path);
  TemporaryFiles::Forget(finished);
  TemporaryFiles::Forget((folder / "out.usda").string());  // which was never added
  TemporaryFiles::RemoveAll();
  EXPECT_EQ(NamesIn(folder), (std::set<std::string>{".out.abd.usda", "out.usda"}));
  TemporaryFiles::Forget(temporary);
  TemporaryFiles::Forget(nowhere);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace usdparquet
