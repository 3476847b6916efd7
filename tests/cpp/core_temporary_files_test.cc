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

class TemporaryFilesTest : public testing::Test {
 protected:
  TemporaryFilesTest() : folder_(testing::TempDir() + "temporary_files_test") {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~TemporaryFilesTest() override { fs::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  void Make(const std::string& name) const { std::ofstream(Path(name)) << "text"; }

  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

 private:
  const fs::path folder_;
};

TEST_F(TemporaryFilesTest, AllThatBeginsWithAPathIsRemoved) {
  for (const char* name : {".out.abc.usda", ".out.abc.tmp", ".out.abd.usda", "out.usda"})
    Make(name);
  fs::create_directory(Path(".out.abc.folder"));
  Make(".out.abc.folder/file");
  TemporaryFiles::Add(Path(".out.abc"));
  TemporaryFiles::Add(Path("none/at/all"));
  TemporaryFiles::Add(Path(".out.abd"));
  TemporaryFiles::Forget(Path(".out.abd"));
  TemporaryFiles::Forget(Path("out.usda"));
  TemporaryFiles::RemoveAll();
  EXPECT_EQ(Names(), (std::set<std::string>{".out.abd.usda", "out.usda"}));
  TemporaryFiles::Forget(Path(".out.abc"));
  TemporaryFiles::Forget(Path("none/at/all"));
}

}  // namespace
}  // namespace usdparquet
