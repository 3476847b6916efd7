#include "core/dataset/dataset.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>

#include <algorithm>
#include <utility>

#include "core/dataset/dataset_save.h"
#include "core/dataset/folder_files.h"
#include "core/dataset/manifest.h"
#include "core/dataset/manifest_cache.h"
#include "core/dataset/parts_of_files.h"
#include "core/table/part_files.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"
#include "core/util/limits.h"
#include "core/util/message_text.h"
#include "core/util/open_file.h"
#include "core/util/system_calls.h"
#include "core/util/system_error.h"

namespace usdparquet {
namespace {

using InputFile = std::shared_ptr<arrow::io::RandomAccessFile>;

constexpr char kWriteAgain[] = "run 'usdparquet dataset' on the folder to write its manifest again";

arrow::Result<std::shared_ptr<arrow::Buffer>> ReadBytes(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const auto file, OpenFile(path));
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  if (size > kMaxManifest) {
    return arrow::Status::CapacityError("it has ", size, " bytes, and ", kMaxManifest, " are read");
  }
  return file->ReadAt(0, size);
}

InputFile NoFile() {
  return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(""));
}

arrow::Result<TableFile> WithoutIndex(PartList list) {
  ARROW_ASSIGN_OR_RAISE(const auto parts, PartFiles::Make(std::move(list)));
  return TableFile::OfParts(parts, parts->metadata(), NoFile());
}

/// The bytes of a mapped file.
class MappedBytes final : public arrow::Buffer {
 public:
  MappedBytes(void* begin, size_t size)
      : Buffer(static_cast<const uint8_t*>(begin), static_cast<int64_t>(size)) {}
  ~MappedBytes() override {
    UnmapMemory(const_cast<uint8_t*>(data()), static_cast<size_t>(size()));
  }
};

/// The file with the index, mapped unless files are not to be. Not by Arrow, which has the system
/// read all of a section as soon as it is looked at.
arrow::Result<InputFile> OpenIndexFile(const std::string& path) {
  ARROW_RETURN_NOT_OK(CheckRegularFile(path));
  if (UsesPread()) return OpenFile(path);
  const int descriptor = OpenToRead(path);
  if (descriptor < 0) return SystemError("the file can't be opened");
  const auto size = static_cast<size_t>(FindFile(descriptor).size);
  void* const mapped = size > 0 ? MapFile(descriptor, size) : nullptr;
  CloseFile(descriptor);
  if (!mapped) return OpenFile(path);
  return std::make_shared<arrow::io::BufferReader>(std::make_shared<MappedBytes>(mapped, size));
}

/// The same; of one that can't be read there is a warning.
InputFile IndexFileOf(const std::string& folder, const std::string& name,
                      std::vector<std::string>* warnings) {
  auto file = OpenIndexFile(folder + "/" + name);
  if (file.ok()) return std::move(*file);
  warnings->push_back("its index " + QuotedValue(name) +
                      " can't be read: " + file.status().message() +
                      "; it is built from the columns of all files; " + kWriteAgain);
  return NoFile();
}

}  // namespace

arrow::Status CheckFolder(const std::string& folder, const Manifest& manifest,
                          std::vector<std::string>* warnings) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> found, FilesIn(folder));
  std::vector<std::string> listed;
  for (const ManifestPart& part : manifest.parts) listed.push_back(part.file);
  std::ranges::sort(listed);
  std::vector<std::string> gone, added;
  std::ranges::set_difference(listed, found, std::back_inserter(gone));
  std::ranges::set_difference(found, listed, std::back_inserter(added));
  if (!gone.empty() && gone.size() == listed.size()) {
    return arrow::Status::Invalid(
        "its manifest is that of another folder: none of the files that it lists is there, such "
        "as ",
        QuotedValue(gone.front()), "; ", kWriteAgain);
  }
  if (!added.empty()) {
    return arrow::Status::Invalid("the folder has outgrown its manifest, which does not list the ",
                                  added.size() == 1 ? "file " : "files ",
                                  QuotedValue(added.front()), added.size() == 1 ? "" : ", …", "; ",
                                  kWriteAgain);
  }
  if (!gone.empty()) {
    warnings->push_back(MessageText(
        "the file " + QuotedValue(gone.front()) +
        (gone.size() == 1 ? std::string() : " and " + std::to_string(gone.size() - 1) + " more") +
        " of its manifest is gone; values there can't be read; " + kWriteAgain));
  }
  return arrow::Status::OK();
}

namespace {

/// The warnings that files without rows go to, if they are to be no errors.
std::vector<std::string>* WarningsFor(DamagedParts damaged, OpenedDataset* opened) {
  return damaged == DamagedParts::kAreLeftOut ? &opened->warnings : nullptr;
}

arrow::Result<OpenedDataset> OpenWithManifest(const std::string& folder, const std::string& text,
                                              DamagedParts damaged) {
  OpenedDataset opened;
  opened.has_manifest = true;
  ARROW_ASSIGN_OR_RAISE(Manifest manifest, ParseManifest(text));
  if (manifest.covers_folder) {
    ARROW_RETURN_NOT_OK(CheckFolder(folder, manifest, &opened.warnings));
  }
  PartList list;
  ARROW_RETURN_NOT_OK(ReadSchemas(manifest.schemas, &list));
  list.partitions = std::move(manifest.partitions);
  list.path_column = std::move(manifest.path_column);
  list.time_column = std::move(manifest.time_column);
  list.folder = folder;
  list.parts.reserve(manifest.parts.size());
  for (ManifestPart& part : manifest.parts) {
    list.parts.push_back({std::move(part.file), "", part.description.bytes, part.description.digest,
                          std::move(part.description.group_rows), part.schema,
                          std::move(part.keys)});
  }
  ARROW_ASSIGN_OR_RAISE(const auto parts, PartFiles::Make(std::move(list)));
  ARROW_RETURN_NOT_OK(CheckEmptyParts(*parts, WarningsFor(damaged, &opened)));
  if (!manifest.index) {
    opened.file = TableFile::OfParts(parts, parts->metadata(), NoFile());
    return opened;
  }
  opened.file = TableFile::OfParts(parts, WithIndexEntries(*parts->metadata(), *manifest.index),
                                   IndexFileOf(folder, manifest.index->file, &opened.warnings));
  return opened;
}

/// The same by the cache of the manifest; nothing if it has to be read itself, as where the folder
/// has other files than it lists.
arrow::Result<std::optional<OpenedDataset>> OpenWithCache(const std::string& folder,
                                                          const std::string& text,
                                                          DamagedParts damaged) {
  const auto bytes = ReadBytes(folder + "/" + kManifestCacheName);
  if (!bytes.ok()) return std::nullopt;
  std::optional<CachedManifest> cached = ReadManifestCache(std::string_view(**bytes), text);
  // What several schemas come to is no matter of the cache.
  if (!cached || cached->schemas.size() != 1 || !cached->list.partitions.empty()) {
    return std::nullopt;
  }
  const bool is_as_it_was =
      cached->folder_time.seconds != 0 && TimeOf(folder) == cached->folder_time;
  if (cached->covers_folder && !is_as_it_was) {
    ARROW_ASSIGN_OR_RAISE(const uint64_t sum, SumOfFiles(folder, &NameHash));
    if (sum != cached->names_sum) return std::nullopt;
  }
  OpenedDataset opened;
  opened.has_manifest = true;
  cached->list.folder = folder;
  ARROW_RETURN_NOT_OK(ReadSchemas(cached->schemas, &cached->list));
  ARROW_ASSIGN_OR_RAISE(const auto parts, PartFiles::Make(std::move(cached->list)));
  ARROW_RETURN_NOT_OK(CheckEmptyParts(*parts, WarningsFor(damaged, &opened)));
  InputFile index = cached->index_file.empty()
                        ? NoFile()
                        : IndexFileOf(folder, cached->index_file, &opened.warnings);
  opened.file = TableFile::OfParts(parts, parts->metadata(), std::move(index));
  return opened;
}

/// Takes the files without a description, which are damaged, out of the lists.
void LeaveOutDamaged(const std::vector<arrow::Status>& damage, std::vector<std::string>* names,
                     std::vector<ListedFile>* files, std::vector<std::string>* warnings) {
  std::vector<std::string> left_names;
  std::vector<ListedFile> left;
  for (size_t i = 0; i < files->size(); ++i) {
    if (damage[i].ok()) {
      left_names.push_back(std::move((*names)[i]));
      left.push_back(std::move((*files)[i]));
      continue;
    }
    warnings->push_back(damage[i].message() +
                        "; its prims are missing until it is replaced or taken out of the folder");
  }
  *names = std::move(left_names);
  *files = std::move(left);
}

arrow::Result<OpenedDataset> OpenWithoutManifest(const std::string& folder, DamagedParts damaged) {
  ARROW_ASSIGN_OR_RAISE(std::vector<std::string> names, FilesIn(folder));
  if (names.empty()) {
    return arrow::Status::Invalid(
        "the folder has no Parquet files (names that begin with '.' or '_' do not count)");
  }
  std::vector<ListedFile> files;
  for (const std::string& name : names) files.push_back({PathFrom(folder, name), std::nullopt});
  OpenedDataset opened;
  std::vector<arrow::Status> damage(files.size());
  const bool leaves_out = damaged == DamagedParts::kAreLeftOut;
  ARROW_RETURN_NOT_OK(
      DescribeFiles(names, &files, /*reads_paths=*/false, "", leaves_out ? &damage : nullptr));
  const arrow::Status first_damage = damage[0];
  LeaveOutDamaged(damage, &names, &files, &opened.warnings);
  if (files.empty()) return first_damage;
  std::vector<std::string> schemas;
  ARROW_ASSIGN_OR_RAISE(PartList list, PartsOfFiles(names, files, &schemas));
  ARROW_ASSIGN_OR_RAISE(opened.file, WithoutIndex(std::move(list)));
  return opened;
}

}  // namespace

arrow::Result<OpenedDataset> OpenDataset(const std::string& folder, DamagedParts damaged) {
  return Guarded([&]() -> arrow::Result<OpenedDataset> {
    ARROW_RETURN_NOT_OK(FinishSave(folder));
    if (!HasManifest(folder)) return OpenWithoutManifest(folder, damaged);
    auto text = ReadManifestText(folder);
    if (!text.ok()) {
      return text.status().WithMessage("the manifest can't be read: ", text.status().message());
    }
    ARROW_ASSIGN_OR_RAISE(auto cached, OpenWithCache(folder, *text, damaged));
    return cached ? std::move(*cached) : OpenWithManifest(folder, *text, damaged);
  });
}

arrow::Result<std::string> ReadManifestText(const std::string& folder) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, ReadBytes(folder + "/" + kManifestName));
  return bytes->ToString();
}

arrow::Result<TableFile> OpenTableFileOrDataset(const std::string& path) {
  return Guarded([&]() -> arrow::Result<TableFile> {
    if (IsFolder(path)) {
      ARROW_ASSIGN_OR_RAISE(OpenedDataset opened, OpenDataset(path));
      return std::move(opened.file);
    }
    ARROW_ASSIGN_OR_RAISE(auto file, OpenFile(path));
    return TableFile::Open(std::move(file));
  });
}

}  // namespace usdparquet
