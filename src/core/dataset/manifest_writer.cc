#include "core/dataset/manifest_writer.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/dataset/folder_files.h"
#include "core/dataset/manifest_cache.h"
#include "core/dataset/parts_of_files.h"
#include "core/index/path_index_file.h"
#include "core/index/time_index_file.h"
#include "core/sections/section.h"
#include "core/table/part_files.h"
#include "core/table/table.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"
#include "core/util/path_hash.h"
#include "core/util/replace_file.h"
#include "core/util/utf8.h"

namespace usdparquet {
namespace {

namespace fs = std::filesystem;

constexpr char kIndexPrefix[] = "_usdparquet.";
constexpr char kIndexSuffix[] = ".index";

/// The name of a file from the folder of a manifest on.
std::string NameFrom(const std::string& folder, const std::string& file) {
  const fs::path target = fs::absolute(file).lexically_normal();
  const fs::path name = target.lexically_relative(fs::absolute(folder).lexically_normal());
  if (name.empty() || *name.begin() != "..") return name.generic_string();
  // The system takes '..' from where a link to the folder leads.
  std::error_code error;
  const fs::path place = fs::canonical(folder, error);
  return (error ? name : target.lexically_relative(place)).generic_string();
}

/// Puts a section behind others, where sections may begin.
std::string Append(const std::string& section, std::string* bytes) {
  bytes->resize((bytes->size() + kSectionAlignment - 1) / kSectionAlignment * kSectionAlignment);
  const auto offset = static_cast<int64_t>(bytes->size());
  *bytes += section;
  return SectionEntry(offset, section);
}

/// The bytes of the indexes of all parts, and where in them each is.
arrow::Result<std::string> MakeIndex(const Table& table, const PartFiles& parts,
                                     ManifestIndex* index) {
  const TableIndex& built = table.index();
  const uint64_t fingerprint = parts.Fingerprint(table.path_column(), table.time_column());
  std::string bytes;
  index->paths =
      Append(PathIndexFile::Serialize(built.paths, built.path_report, fingerprint), &bytes);
  if (built.times) {
    index->times =
        Append(TimeIndexFile::Serialize(*built.times, built.time_report, fingerprint), &bytes);
  }
  char name[64];
  std::snprintf(name, sizeof(name), "%s%016" PRIx64 "%s", kIndexPrefix,
                XXH3_64bits_withSeed(bytes.data(), bytes.size(), fingerprint), kIndexSuffix);
  index->file = name;
  return bytes;
}

/// The first schema of a manifest, with the entries that say where its index is.
std::string FirstSchema(const Manifest& manifest) {
  if (!manifest.index || manifest.schemas.empty()) {
    return manifest.schemas.empty() ? std::string() : manifest.schemas[0];
  }
  PartList list;
  if (!ReadSchemas({manifest.schemas[0]}, &list).ok()) return manifest.schemas[0];
  return WithIndexEntries(*list.schemas[0], *manifest.index)->SerializeToString();
}

/// The column with the paths; empty if nobody says that there is one and there is none.
arrow::Result<std::string> PathColumnOf(const PartFiles& parts, const ManifestOptions& options) {
  if (!options.path_column.empty()) return options.path_column;
  ARROW_ASSIGN_OR_RAISE(const SchemaEntry entry,
                        SchemaEntryOf(parts.metadata()->key_value_metadata()));
  if (!entry.path_column.empty()) return entry.path_column;
  const auto& columns = *parts.metadata()->schema()->group_node();
  return std::string(columns.FieldIndex("path") < 0 ? "" : "path");
}

/// Builds the index, unless the rows have no paths.
arrow::Status AddIndex(const std::string& file, const std::shared_ptr<const PartFiles>& parts,
                       const ManifestOptions& options, PlannedManifest* plan) {
  ARROW_ASSIGN_OR_RAISE(const std::string path, PathColumnOf(*parts, options));
  ARROW_RETURN_NOT_OK(parts->CheckPartitions(path, options.time_column));
  if (!options.has_index || path.empty()) return arrow::Status::OK();
  TableOptions table_options;
  table_options.path_column = options.path_column;
  table_options.time_column = options.time_column;
  table_options.columns.emplace();
  table_options.use = WantedAs::kCells;
  table_options.unicode_test = options.unicode_test;
  const auto no_file = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(""));
  ARROW_ASSIGN_OR_RAISE(const auto table,
                        Table::Open(TableFile::OfParts(parts, parts->metadata(), no_file), file,
                                    std::move(table_options)));
  Manifest& manifest = plan->manifest;
  manifest.path_column = table->path_column();
  manifest.time_column = table->time_column();
  ARROW_ASSIGN_OR_RAISE(plan->index_bytes, MakeIndex(*table, *parts, &manifest.index.emplace()));
  plan->summary.index_bytes = static_cast<int64_t>(plan->index_bytes.size());
  plan->summary.prims = table->paths().num_row_prims();
  plan->summary.warnings = table->warnings();
  return arrow::Status::OK();
}

std::string FolderOf(const std::string& file) {
  const std::string folder = fs::path(file).parent_path().string();
  return folder.empty() ? "." : folder;
}

arrow::Result<ManifestSummary> Write(const std::string& file, std::vector<ListedFile> files,
                                     bool covers_folder, const ManifestOptions& options) {
  const std::string folder = FolderOf(file);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return arrow::Status::IOError("can't make its folder: ", error.message());
  std::vector<std::string> names;
  for (const ListedFile& listed : files) {
    names.push_back(NameFrom(folder, listed.file));
    if (!IsUtf8(names.back())) {
      return arrow::Status::Invalid("a manifest can't list a file whose name is no valid UTF-8: ",
                                    names.back());
    }
  }
  ARROW_ASSIGN_OR_RAISE(PlannedManifest plan,
                        PlanManifest(file, names, std::move(files), covers_folder, options));
  // The index was read from all other files, which had to be those that were described.
  if (plan.manifest.index) ARROW_RETURN_NOT_OK(CheckEmptyParts(*plan.parts, nullptr));
  ARROW_RETURN_NOT_OK(WriteIndexOf(plan, folder));
  ARROW_RETURN_NOT_OK(WriteFileText(file, plan.text));
  ARROW_RETURN_NOT_OK(WriteCacheOf(plan, folder));
  RemoveOtherIndexes(folder, plan.manifest);
  NoteFolderTime(folder);
  return std::move(plan.summary);
}

}  // namespace

TableFile TableFileOf(const PlannedManifest& plan) {
  const auto& metadata = plan.parts->metadata();
  return TableFile::OfParts(
      plan.parts,
      plan.manifest.index ? WithIndexEntries(*metadata, *plan.manifest.index) : metadata,
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(plan.index_bytes)));
}

arrow::Status WriteFileText(const std::string& path, std::string_view bytes) {
  ReplaceFile file(path);
  ARROW_ASSIGN_OR_RAISE(const auto stream, file.Open());
  ARROW_RETURN_NOT_OK(stream->Write(bytes));
  return file.Commit();
}

arrow::Status WriteIndexOf(const PlannedManifest& plan, const std::string& folder) {
  if (!plan.manifest.index) return arrow::Status::OK();
  return WriteFileText(folder + "/" + plan.manifest.index->file, plan.index_bytes);
}

arrow::Status WriteCacheOf(const PlannedManifest& plan, const std::string& folder) {
  return WriteFileText(folder + "/" + kManifestCacheName, plan.cache);
}

void RemoveOtherIndexes(const std::string& folder, const Manifest& manifest) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const bool is_kept = manifest.index && name == manifest.index->file;
    std::error_code ignored;
    if (!is_kept && name.starts_with(kIndexPrefix) && name.ends_with(kIndexSuffix)) {
      fs::remove(it->path(), ignored);
    } else if (name.starts_with("." + std::string(kIndexPrefix)) &&
               name.find(std::string(kIndexSuffix) + ".tmp-") != std::string::npos) {
      RemoveStaleFolder(it->path());  // no later index has that name
    }
  }
}

arrow::Result<PlannedManifest> PlanManifest(const std::string& file,
                                            const std::vector<std::string>& names,
                                            std::vector<ListedFile> files, bool covers_folder,
                                            const ManifestOptions& options, const Manifest* old) {
  PlannedManifest plan;
  ARROW_RETURN_NOT_OK(DescribeFiles(names, &files, /*reads_paths=*/true, options.path_column));
  plan.manifest.covers_folder = covers_folder;
  ARROW_ASSIGN_OR_RAISE(PartList list, PartsOfFiles(names, files, &plan.manifest.schemas, old));
  plan.manifest.partitions = list.partitions;
  plan.manifest.path_column = options.path_column;
  plan.manifest.time_column = options.time_column;
  for (size_t i = 0; i < files.size(); ++i) {
    const Part& part = list.parts[i];
    plan.summary.parts += 1;
    for (const uint32_t rows : part.group_rows) plan.summary.rows += rows;
    PartDescription description = std::move(*files[i].description);
    description.schema.clear();
    plan.manifest.parts.push_back({names[i], std::move(description), part.schema, part.keys});
  }
  list.path_column = options.path_column;
  list.time_column = options.time_column;
  ARROW_ASSIGN_OR_RAISE(const auto parts, PartFiles::Make(std::move(list)));
  plan.parts = parts;
  ARROW_RETURN_NOT_OK(AddIndex(file, parts, options, &plan));
  plan.text = SerializeManifest(plan.manifest);
  plan.cache = SerializeManifestCache(plan.manifest, plan.text, FirstSchema(plan.manifest));
  plan.summary.manifest_bytes = static_cast<int64_t>(plan.text.size());
  return plan;
}

arrow::Result<ManifestSummary> WriteManifest(const std::string& manifest,
                                             std::vector<ListedFile> files, bool covers_folder,
                                             const ManifestOptions& options) {
  if (files.empty()) return arrow::Status::Invalid(manifest, ": there are no files to list");
  std::vector<std::string> given;  // what messages of single files call them
  for (const ListedFile& listed : files) given.push_back(listed.file);
  // A save would write it for one of the two, and leave the sizes of before for the other.
  if (const auto same = FindSameFiles(given); !same.empty()) {
    const std::string &first = given[same[0].first], &again = given[same[0].again];
    const std::string other = first == again ? "" : ", also as '" + first + "'";
    return WithFileName(arrow::Status::Invalid("the file is named twice", other), again);
  }
  ARROW_RETURN_NOT_OK(DescribeFiles(given, &files, /*reads_paths=*/true, options.path_column));
  auto written = Guarded([&] { return Write(manifest, std::move(files), covers_folder, options); });
  // What a table says names the manifest already.
  if (!written.ok() && written.status().message().starts_with(manifest)) return written;
  return WithFileName(std::move(written), manifest);
}

}  // namespace usdparquet
