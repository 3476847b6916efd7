#include "core/dataset/parts_of_files.h"

#include <arrow/buffer.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "core/dataset/hive_keys.h"
#include "core/index/path_index_file.h"
#include "core/index/time_index_file.h"
#include "core/schema/footer.h"
#include "core/table/table_file.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"
#include "core/util/open_file.h"
#include "core/util/parallel_for.h"
#include "core/util/system_calls.h"

namespace usdparquet {

arrow::Status ReadSchemas(const std::vector<std::string>& schemas, PartList* list) {
  for (const std::string& bytes : schemas) {
    const FooterBytes footer{0, arrow::Buffer::FromString(bytes)};
    auto parsed = Guarded([&] { return ParseFooter(footer); });
    if (!parsed.ok() || parsed->metadata->num_row_groups() != 0) {
      return arrow::Status::Invalid(
          "the manifest has a schema that is damaged; write it again with 'usdparquet dataset'");
    }
    list->schemas.push_back(std::move(parsed->metadata));
  }
  return arrow::Status::OK();
}

std::shared_ptr<parquet::FileMetaData> WithIndexEntries(const parquet::FileMetaData& footer,
                                                        const ManifestIndex& index) {
  const auto entries = footer.key_value_metadata() ? footer.key_value_metadata()->Copy()
                                                   : arrow::key_value_metadata({}, {});
  entries->Append(kIndexKey, index.paths);
  if (!index.times.empty()) entries->Append(kTimesKey, index.times);
  return parquet::FileMetaDataBuilder::Make(footer.schema(), parquet::default_writer_properties())
      ->Finish(entries);
}

namespace {

/// Whether a file is damaged, or is none that can be read at all. Not if the system refuses to read
/// it: that may be otherwise a moment later, and says nothing of the file.
bool IsDamagedFile(const std::string& file) {
  const auto bytes = OpenFile(file);
  if (!bytes.ok()) return false;
  const auto opened = Guarded([&] { return TableFile::Open(*bytes); });
  return !opened.ok() && !opened.status().IsOutOfMemory() && !opened.status().detail();
}

}  // namespace

arrow::Status DescribeFiles(const std::vector<std::string>& names, std::vector<ListedFile>* files,
                            bool reads_paths, const std::string& path_column,
                            std::vector<arrow::Status>* damage) {
  return ParallelFor(0, files->size(), [&](size_t i) -> arrow::Status {
    ListedFile& listed = (*files)[i];
    if (listed.description) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(auto file, WithFileName(OpenFile(listed.file), names[i]));
    auto described = DescribePart(std::move(file), names[i], reads_paths, path_column);
    if (described.ok()) {
      listed.description = std::move(*described);
    } else if (damage && IsDamagedFile(listed.file)) {
      (*damage)[i] = described.status();
    } else {
      return described.status();
    }
    return arrow::Status::OK();
  });
}

arrow::Status CheckEmptyParts(const PartFiles& parts, std::vector<std::string>* warnings) {
  std::vector<const Part*> empty;
  for (const Part& part : parts.list().parts) {
    if (std::ranges::all_of(part.group_rows, [](uint32_t rows) { return rows == 0; })) {
      empty.push_back(&part);
    }
  }
  std::vector<arrow::Status> unread(empty.size());
  ARROW_RETURN_NOT_OK(ParallelFor(0, empty.size(), [&](size_t i) -> arrow::Status {
    const std::string file = parts.FileOf(*empty[i]);
    if (FindFile(file).kind == FileKind::kNone) return arrow::Status::OK();
    const auto opened = Guarded([&]() -> arrow::Result<TableFile> {
      ARROW_ASSIGN_OR_RAISE(auto bytes, OpenFile(file));
      return TableFile::Open(std::move(bytes));
    });
    if (!opened.ok()) {
      unread[i] = WithFileName(opened.status(), empty[i]->name);
      return arrow::Status::OK();
    }
    if (opened->num_rows() == 0) return arrow::Status::OK();
    return WithFileName(
        arrow::Status::Invalid("the manifest says that it has no rows, but the file has ",
                               opened->num_rows(),
                               "; run 'usdparquet dataset' on the folder to write its manifest "
                               "again"),
        empty[i]->name);
  }));
  for (const arrow::Status& status : unread) {
    if (status.ok()) continue;
    if (!warnings) return status;
    warnings->push_back(status.message());
  }
  return arrow::Status::OK();
}

arrow::Result<PartList> PartsOfFiles(const std::vector<std::string>& names,
                                     const std::vector<ListedFile>& files,
                                     std::vector<std::string>* schemas, const Manifest* old) {
  PartList list;
  std::unordered_map<std::string, uint32_t> known;
  for (size_t i = 0; i < files.size(); ++i) {
    const PartDescription& part = *files[i].description;
    const auto [at, is_new] = known.emplace(part.schema, static_cast<uint32_t>(schemas->size()));
    if (is_new) schemas->push_back(part.schema);
    list.parts.push_back(
        {names[i], files[i].file, part.bytes, part.digest, part.group_rows, at->second, {}});
  }
  ARROW_RETURN_NOT_OK(ReadSchemas(*schemas, &list));
  if (!old) {
    ARROW_RETURN_NOT_OK(SetPartitions(&list));
    return list;
  }
  list.partitions = old->partitions;
  for (size_t i = 0; i < files.size(); ++i) list.parts[i].keys = old->parts[i].keys;
  return list;
}

}  // namespace usdparquet
