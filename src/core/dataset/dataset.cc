#include "core/dataset/dataset.h"

#include <arrow/buffer.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/util/key_value_metadata.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "core/dataset/dataset_save.h"
#include "core/dataset/folder_files.h"
#include "core/dataset/manifest.h"
#include "core/dataset/parts_of_files.h"
#include "core/index/path_index_file.h"
#include "core/index/time_index_file.h"
#include "core/table/part_files.h"
#include "core/util/guard.h"
#include "core/util/limits.h"
#include "core/util/message_text.h"
#include "core/util/open_file.h"

namespace usdparquet {
namespace {

using InputFile = std::shared_ptr<arrow::io::RandomAccessFile>;

constexpr char kWriteAgain[] = "run 'usdparquet dataset' on the folder to write its manifest again";

bool Exists(const std::string& path) {
  struct stat found;
  return ::stat(path.c_str(), &found) == 0;
}

/// The metadata of all parts together, with the entries of the indexes.
std::shared_ptr<parquet::FileMetaData> MetadataOf(const PartFiles& parts,
                                                  const ManifestIndex& index) {
  const auto& schema = parts.metadata();
  const auto entries = schema->key_value_metadata()->Copy();
  entries->Append(kIndexKey, index.paths);
  if (!index.times.empty()) entries->Append(kTimesKey, index.times);
  return parquet::FileMetaDataBuilder::Make(schema->schema(), parquet::default_writer_properties())
      ->Finish(entries);
}

InputFile NoFile() {
  return std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(""));
}

arrow::Result<TableFile> WithoutIndex(PartList list) {
  ARROW_ASSIGN_OR_RAISE(const auto parts, PartFiles::Make(std::move(list)));
  return TableFile::OfParts(parts, parts->metadata(), NoFile());
}

/// The file with the index, mapped unless files are not to be.
arrow::Result<InputFile> OpenIndexFile(const std::string& path) {
  ARROW_RETURN_NOT_OK(CheckRegularFile(path));
  if (UsesPread()) return OpenFile(path);
  ARROW_ASSIGN_OR_RAISE(InputFile file,
                        arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ));
  return file;
}

/// Whether the files of the folder are those of its manifest. Some may be gone: those that are left
/// can be read.
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

arrow::Result<OpenedDataset> OpenWithManifest(const std::string& folder, const std::string& text) {
  OpenedDataset opened;
  opened.has_manifest = true;
  ARROW_ASSIGN_OR_RAISE(Manifest manifest, ParseManifest(text));
  if (manifest.covers_folder) {
    ARROW_RETURN_NOT_OK(CheckFolder(folder, manifest, &opened.warnings));
  }
  PartList list;
  ARROW_RETURN_NOT_OK(ReadSchemas(manifest.schemas, &list));
  list.partitions = std::move(manifest.partitions);
  list.parts.reserve(manifest.parts.size());
  for (ManifestPart& part : manifest.parts) {
    std::string file = PathFrom(folder, part.file);
    list.parts.push_back({std::move(part.file), std::move(file), part.description.bytes,
                          part.description.digest, std::move(part.description.group_rows),
                          part.schema, std::move(part.keys)});
  }
  if (!manifest.index) {
    ARROW_ASSIGN_OR_RAISE(opened.file, WithoutIndex(std::move(list)));
    return opened;
  }
  ARROW_ASSIGN_OR_RAISE(const auto parts, PartFiles::Make(std::move(list)));
  InputFile index = NoFile();
  auto index_file = OpenIndexFile(folder + "/" + manifest.index->file);
  if (index_file.ok()) {
    index = std::move(*index_file);
  } else {
    opened.warnings.push_back("its index " + QuotedValue(manifest.index->file) +
                              " can't be read: " + index_file.status().message() +
                              "; it is built from the columns of all files; " + kWriteAgain);
  }
  opened.file = TableFile::OfParts(parts, MetadataOf(*parts, *manifest.index), std::move(index));
  return opened;
}

arrow::Result<OpenedDataset> OpenWithoutManifest(const std::string& folder) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<std::string> names, FilesIn(folder));
  if (names.empty()) {
    return arrow::Status::Invalid(
        "the folder has no Parquet files (names that begin with '.' or '_' do not count)");
  }
  std::vector<ListedFile> files;
  for (const std::string& name : names) files.push_back({PathFrom(folder, name), std::nullopt});
  ARROW_RETURN_NOT_OK(DescribeFiles(names, &files, /*reads_paths=*/false, ""));
  std::vector<std::string> schemas;
  ARROW_ASSIGN_OR_RAISE(PartList list, PartsOfFiles(names, files, &schemas));
  OpenedDataset opened;
  ARROW_ASSIGN_OR_RAISE(opened.file, WithoutIndex(std::move(list)));
  return opened;
}

}  // namespace

arrow::Result<OpenedDataset> OpenDataset(const std::string& folder) {
  return Guarded([&]() -> arrow::Result<OpenedDataset> {
    const std::string manifest = folder + "/" + kManifestName;
    ARROW_RETURN_NOT_OK(FinishSave(folder));
    if (!Exists(manifest)) return OpenWithoutManifest(folder);
    auto text = ReadManifestText(folder);
    if (!text.ok()) {
      return text.status().WithMessage("the manifest can't be read: ", text.status().message());
    }
    return OpenWithManifest(folder, *text);
  });
}

arrow::Result<std::string> ReadManifestText(const std::string& folder) {
  ARROW_ASSIGN_OR_RAISE(const auto file, OpenFile(folder + "/" + kManifestName));
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  if (size > kMaxManifest) {
    return arrow::Status::CapacityError("it has ", size, " bytes, and ", kMaxManifest, " are read");
  }
  ARROW_ASSIGN_OR_RAISE(const auto bytes, file->ReadAt(0, size));
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
