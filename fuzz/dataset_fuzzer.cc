// Target: what a dataset's folder says of its files: the manifest, what opens it quickly, whose
// checksums are made right, and the journal of a save that was not finished. The input is a byte
// that chooses the folder, one that chooses the file, and the file.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/dataset/dataset_save.h"
#include "core/dataset/folder_files.h"
#include "core/dataset/manifest.h"
#include "core/dataset/manifest_cache.h"
#include "core/util/path_hash.h"
#include "fuzz/check.h"
#include "fuzz/reading.h"
#include "fuzz/scratch.h"

namespace {

namespace fs = std::filesystem;
using usdparquet::Manifest;
using usdparquet_fuzz::Answers;
using usdparquet_fuzz::LoadFile;
using usdparquet_fuzz::StoreFile;

constexpr char kJournalName[] = "_usdparquet.journal";
constexpr char kOutside[] = "outside", kOutsideNew[] = ".outside.new";
constexpr std::array kFiles{usdparquet::kManifestName, usdparquet::kManifestCacheName,
                            kJournalName};

struct Seed {
  struct File {
    fs::path name;
    std::string bytes;
  };
  std::vector<File> files;
  std::string manifest;

  /// Makes the folder what it was.
  void Restore(const fs::path& folder) const {
    fs::remove_all(folder);
    fs::create_directories(folder);
    for (const auto& [name, bytes] : files) {
      fs::create_directories((folder / name).parent_path());
      StoreFile(folder / name, bytes);
    }
  }
};

const std::vector<Seed>& Seeds() {
  static const auto seeds = [] {
    std::vector<fs::path> folders(fs::directory_iterator(USDPARQUET_FUZZ_DATASETS), {});
    std::ranges::sort(folders);
    std::vector<Seed> found;
    for (const fs::path& folder : folders) {
      Seed& seed = found.emplace_back();
      for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        seed.files.push_back({fs::relative(entry.path(), folder), LoadFile(entry.path())});
      }
      seed.manifest = LoadFile(folder / usdparquet::kManifestName);
      FUZZ_CHECK(!seed.manifest.empty(), folder.string());
    }
    return found;
  }();
  return seeds;
}

/// Makes the checksums right, and says that the bytes are those of the manifest `text`.
/// docs/file-format.md has the header.
void MakeRight(std::string* cache, std::string_view text) {
  constexpr size_t kBodySize = 16, kTextSize = 24, kTextHash = 32, kBodyHash = 40, kHash = 80,
                   kHeader = 88;
  if (cache->size() < kHeader) return;
  const auto put = [&](size_t at, uint64_t number) {
    std::memcpy(cache->data() + at, &number, sizeof(number));
  };
  put(kBodySize, cache->size() - kHeader);
  put(kTextSize, text.size());
  put(kTextHash, XXH3_64bits(text.data(), text.size()));
  put(kBodyHash, XXH3_64bits(cache->data() + kHeader, cache->size() - kHeader));
  put(kHash, XXH3_64bits(cache->data(), kHash));
}

/// What can be read can be written, and is read again as the same.
void CheckWritten(std::string_view text) {
  const auto read = usdparquet::ParseManifest(text);
  if (!read.ok()) return;
  const std::string written = usdparquet::SerializeManifest(*read);
  const auto again = usdparquet::ParseManifest(written);
  FUZZ_CHECK(again.ok(), again.status().ToString() + "\n" + written);
  FUZZ_CHECK(usdparquet::SerializeManifest(*again) == written, written);
  FUZZ_CHECK(again->parts == read->parts && again->index == read->index, written);
  const std::string first = read->schemas.empty() ? "" : read->schemas.front();
  const std::string cache = usdparquet::SerializeManifestCache(*read, text, first);
  (void)usdparquet::ReadManifestCache(cache, text);
}

/// Files that a save writes lie in the folder.
void CheckSave(const std::string& folder) {
  const auto save = usdparquet::DatasetSave::Begin(folder);
  if (!save.ok()) return;
  for (size_t i = 0; i < (*save)->manifest().parts.size(); ++i) {
    const auto name = (*save)->NewFileOf(i);
    if (!name.ok()) continue;
    const std::string path = fs::path(*name).lexically_normal();
    FUZZ_CHECK(path.starts_with(folder + "/"), path);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  static const usdparquet_fuzz::Scratch scratch;
  const Seed& seed = Seeds()[data[0] % Seeds().size()];
  const char* const changed = kFiles[data[1] % kFiles.size()];
  std::string bytes(reinterpret_cast<const char*>(data) + 2, size - 2);

  const std::string folder = scratch / "dataset";
  seed.Restore(folder);
  StoreFile(scratch / kOutside, "old");
  StoreFile(scratch / kOutsideNew, "new");
  if (changed == usdparquet::kManifestName) {
    CheckWritten(bytes);
  } else if (changed == usdparquet::kManifestCacheName) {
    MakeRight(&bytes, seed.manifest);
  } else {
    // New files that the journal can name.
    for (const auto& [name, old] : seed.files) {
      if (name.filename() != usdparquet::kManifestCacheName) {
        StoreFile(fs::path(folder) / name.parent_path() / ("." + name.filename().string() + ".new"),
                  old);
      }
    }
  }
  StoreFile(fs::path(folder) / changed, bytes);

  usdparquet_fuzz::ReadingOptions options;
  options.with_columns = true;
  const Answers answers = usdparquet_fuzz::ReadDataset(folder, options);
  CheckSave(folder);
  FUZZ_CHECK(LoadFile(scratch / kOutside) == "old" && LoadFile(scratch / kOutsideNew) == "new",
             "a file outside of the folder was changed");
  return 0;
}
