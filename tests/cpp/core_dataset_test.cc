// Folders of files as one table: many threads, few open files, and what a cache may claim.

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/dataset/dataset.h"
#include "core/dataset/folder_files.h"
#include "core/dataset/hive_keys.h"
#include "core/dataset/manifest.h"
#include "core/dataset/manifest_cache.h"
#include "core/table/table.h"
#include "core/util/limits.h"
#include "status_assertions.h"
#include "test_files.h"

namespace usdparquet {
namespace {

using usdparquet_test::IsRead;
using usdparquet_test::IsRefused;

constexpr int64_t kRows = 3000;

/// A folder with the rows of MixedTable in `count` files.
std::string WriteFolder(int64_t count) {
  const std::string folder = usdparquet_test::ScratchPath("dataset.parquet");
  std::filesystem::remove_all(folder);  // what an earlier run left
  std::filesystem::create_directories(folder);
  const auto table = usdparquet_test::MixedTable(kRows);
  usdparquet_test::Layout layout;
  layout.rows_per_page = 10;
  for (int64_t i = 0; i < count; ++i) {
    const std::string name = std::to_string(100 + i) + ".parquet";
    const auto rows = table->Slice(i * kRows / count, kRows / count);
    std::filesystem::rename(usdparquet_test::WriteFile(name, *rows, layout), folder + "/" + name);
  }
  return folder;
}

std::vector<ListedFile> FilesOf(const std::string& folder) {
  std::vector<ListedFile> files;
  for (const std::string& name : FilesIn(folder).ValueOrDie()) {
    files.push_back({folder + "/" + name, std::nullopt});
  }
  return files;
}

std::shared_ptr<Table> OpenFolder(const std::string& folder, PageCache* cache = nullptr) {
  auto opened = OpenDataset(folder);
  EXPECT_TRUE(IsRead(opened.status()));
  TableOptions options;
  options.cache = cache;
  return Table::Open(std::move(opened->file), folder, std::move(options)).ValueOrDie();
}

double CostAt(Table& table, uint32_t row) {
  EpochGuard guard;
  const Page* const page = table.Fetch(0, row, guard);
  return page->IsPresent(row - page->first_row) ? page->As<double>()[row - page->first_row] : -1;
}

TEST(Dataset, ThreadsReadMorePartsThanAreOpen) {
  const std::string folder = WriteFolder(100);
  ASSERT_GT(size_t{100}, kMaxOpenParts);
  PageCache cache(16 << 10);  // pages are decoded again and again
  const auto table = OpenFolder(folder, &cache);
  ASSERT_EQ(table->columns()[0].column_name, "cost");
  ASSERT_EQ(table->num_rows(), kRows);
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (unsigned seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < 3000; ++i) {
        const uint32_t row = random() % kRows;
        const double expected =
            usdparquet_test::MixedHasCost(row) ? usdparquet_test::MixedCost(row) : -1;
        wrong += CostAt(*table, row) != expected;
        wrong += table->IsNull(0, row) == usdparquet_test::MixedHasCost(row);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Dataset, ManifestAndCacheSayTheSame) {
  const std::string folder = WriteFolder(3);
  ManifestOptions options;
  ASSERT_TRUE(
      IsRead(WriteManifest(folder + "/" + kManifestName, FilesOf(folder), true, options).status()));
  const std::string text = usdparquet_test::ReadBytes(folder + "/" + kManifestName);
  const auto manifest = ParseManifest(text);
  ASSERT_TRUE(IsRead(manifest.status()));
  EXPECT_EQ(SerializeManifest(*manifest), text);
  ASSERT_EQ(manifest->parts.size(), 3u);
  const PartDescription& part = manifest->parts[1].description;
  EXPECT_LE(*part.first, usdparquet_test::MixedPath(1000));
  EXPECT_GE(*part.last, usdparquet_test::MixedPath(1999));

  const std::string bytes = usdparquet_test::ReadBytes(folder + "/" + kManifestCacheName);
  const auto cached = ReadManifestCache(bytes, text);
  ASSERT_TRUE(cached);
  EXPECT_TRUE(cached->covers_folder);
  EXPECT_EQ(cached->index_file, manifest->index->file);
  EXPECT_EQ(cached->list.path_column, manifest->path_column);
  EXPECT_EQ(cached->list.time_column, manifest->time_column);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(cached->list.parts[i].name, manifest->parts[i].file);
    EXPECT_EQ(cached->list.parts[i].digest, manifest->parts[i].description.digest);
    EXPECT_EQ(cached->list.parts[i].group_rows, manifest->parts[i].description.group_rows);
  }
  EXPECT_FALSE(ReadManifestCache(bytes, text + " "));
  for (size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(ReadManifestCache(bytes.substr(0, i), text));
    std::string flipped = bytes;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    EXPECT_FALSE(ReadManifestCache(flipped, text)) << i;
  }
  const auto table = OpenFolder(folder);
  EXPECT_TRUE(table->paths().is_embedded());
  ASSERT_TRUE(usdparquet_test::MixedHasCost(2998));
  EXPECT_EQ(CostAt(*table, 2998), usdparquet_test::MixedCost(2998));
}

TEST(Dataset, AManifestThatIsCutIsRefused) {
  const std::string folder = WriteFolder(2);
  ASSERT_TRUE(
      IsRead(WriteManifest(folder + "/" + kManifestName, FilesOf(folder), true, {}).status()));
  const std::string text = usdparquet_test::ReadBytes(folder + "/" + kManifestName);
  for (size_t i = 0; i + 2 < text.size(); i += 7) {
    EXPECT_TRUE(IsRefused(ParseManifest(text.substr(0, i)).status(), "can't be read"));
  }
}

TEST(Dataset, AColumnThatTwoFoldersNameIsRefused) {
  const auto keys = HiveKeysOf("year=2024/a%3D=x/0.parquet");
  ASSERT_TRUE(IsRead(keys.status()));
  ASSERT_EQ(keys->size(), 2u);
  EXPECT_EQ((*keys)[1].first, "a=");
  EXPECT_EQ((*keys)[1].second, "x");
  const std::string deep = std::string(200, 'd') + "/a=1/a=2/0.parquet";  // named as a whole
  for (const std::string& name : {std::string("a=1/b=2/a=3/0.parquet"), std::string("a=1/a=1/0"),
                                  "a=1/%61=2/b" + deep, deep}) {
    EXPECT_TRUE(IsRefused(HiveKeysOf(name).status(), name));
    EXPECT_TRUE(IsRefused(HiveKeysOf(name).status(), "name the column 'a' twice"));
  }
}

TEST(Dataset, AFileWithTwoNamesIsRefused) {
  const std::string folder = WriteFolder(3);
  const std::string manifest = folder + "/" + kManifestName;
  const std::string first = folder + "/100.parquet", other = folder + "/102.parquet";
  const auto write = [&](const std::vector<std::string>& names) {
    std::vector<ListedFile> files;
    for (const std::string& name : names) files.push_back({name, std::nullopt});
    return WriteManifest(manifest, std::move(files), false, {}).status();
  };
  EXPECT_TRUE(IsRefused(write({first, other, first}), first + ": the file is named twice"));
  for (const bool is_hard : {true, false}) {
    const std::string link = folder + (is_hard ? "/hard.parquet" : "/soft.parquet");
    if (is_hard) {
      std::filesystem::create_hard_link(first, link);
    } else {
      std::filesystem::create_symlink("100.parquet", link);
    }
    EXPECT_TRUE(IsRefused(write({first, other, link}),
                          link + ": the file is named twice, also as '" + first + "'"));
    const auto same = FindSameFiles({other, link, folder + "/no", first, folder + "/./no"});
    ASSERT_EQ(same.size(), 2u);
    EXPECT_EQ(same[0].first, 1u);
    EXPECT_EQ(same[0].again, 3u);
    EXPECT_EQ(same[1].first, 2u);
    EXPECT_EQ(same[1].again, 4u);
    EXPECT_TRUE(IsRead(write({link, other})));
  }
}

}  // namespace
}  // namespace usdparquet
