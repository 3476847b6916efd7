#include "core/dataset/dataset_save.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "core/dataset/dataset.h"
#include "core/dataset/folder_files.h"
#include "core/dataset/manifest_cache.h"
#include "core/dataset/manifest_json.h"
#include "core/dataset/manifest_writer.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"
#include "core/util/limits.h"
#include "core/util/message_text.h"
#include "core/util/open_file.h"
#include "core/util/system_calls.h"
#include "core/util/system_error.h"

namespace usdparquet {
namespace {

namespace fs = std::filesystem;

constexpr char kJournalName[] = "_usdparquet.journal";

/// Where the new file of that name lies until it takes the name: the same folder, hidden.
std::string HiddenName(const std::string& name) {
  const size_t base = name.rfind('/') + 1;
  return name.substr(0, base) + "." + name.substr(base) + ".new";
}

/// Whether something has that name, be it a link that leads nowhere.
bool IsThere(const std::string& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

/// Gives the new file its name. One that is not there has it already.
arrow::Status TakeName(const std::string& folder, const std::string& name) {
  const std::string from = PathFrom(folder, HiddenName(name)), to = PathFrom(folder, name);
  if (RenameFile(from, to) || errno == ENOENT) return arrow::Status::OK();
  return SystemError(
      ("a save can't be finished: can't rename a new file to " + MessageText(QuotedValue(name)))
          .c_str());
}

/// Makes `fresh`, which is to take the place of `old`: empty, and with the mode of `old`, which
/// stays when the file is written (ReplaceFile). Fails if `old` may not be replaced.
arrow::Status MakeFileLike(const std::string& old, const std::string& fresh) {
  std::error_code ignored;
  if (fs::is_symlink(fs::symlink_status(old, ignored))) {
    return arrow::Status::Invalid(
        "it is a link to a file that lies elsewhere, and is not saved over; put the file in the "
        "place of the link and run 'usdparquet dataset', or export the layer to another file");
  }
  const FoundFile found = FindFile(old);
  if (found.kind == FileKind::kNone) return arrow::Status::OK();
  if (!MayWrite(old)) return SystemError("can't replace the file");
  const int descriptor = MakeFile(fresh);
  if (descriptor < 0) {
    return errno == EEXIST ? arrow::Status::OK() : SystemError("can't write into the folder");
  }
  SetPermissions(descriptor, found.permissions);
  CloseFile(descriptor);
  return arrow::Status::OK();
}

/// Brings the names in a folder to the disk; where that can't be asked for, the system does so
/// later.
void SyncFolder(const std::string& folder) {
  const int descriptor = OpenFolder(folder);
  if (descriptor < 0) return;
  SyncFile(descriptor);
  CloseFile(descriptor);
}

arrow::Result<std::vector<std::string>> ReadJournal(const std::string& path) {
  const auto read = [&]() -> arrow::Result<std::vector<std::string>> {
    ARROW_ASSIGN_OR_RAISE(const auto file, OpenFile(path));
    ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
    if (size > kMaxManifest) return arrow::Status::CapacityError("it has ", size, " bytes");
    ARROW_ASSIGN_OR_RAISE(const auto bytes, file->ReadAt(0, size));
    ARROW_ASSIGN_OR_RAISE(const auto json, ParseJsonObject(bytes->ToString()));
    ARROW_ASSIGN_OR_RAISE(const auto* const parts, JsonList(json, "parts", kMaxParts));
    std::vector<std::string> names;
    for (const auto& name : *parts) {
      if (!name.is_string() || name.get_ref<const std::string&>().empty()) {
        return arrow::Status::Invalid("it has a name that is none");
      }
      names.push_back(name.get<std::string>());
    }
    return names;
  };
  auto names = read();
  if (names.ok()) return names;
  return names.status().WithMessage("a save was not finished, and its journal '", kJournalName,
                                    "' can't be read: ", names.status().message(),
                                    "; remove it and run 'usdparquet dataset' on the folder");
}

/// Whether a part lies in the folder of its dataset, and not in one that a link there leads to.
bool IsWithin(const std::string& folder, const std::string& name) {
  if (fs::path(name).is_absolute()) return false;
  fs::path at = folder;
  for (const fs::path& step : fs::path(name).parent_path()) {
    at /= step;
    std::error_code ignored;
    if (step == ".." || fs::is_symlink(fs::symlink_status(at, ignored))) return false;
  }
  return true;
}

/// What the journal lists may only be files of the dataset that lie in its folder: whoever opens a
/// folder does what its journal says.
arrow::Status CheckNames(const std::string& folder, const std::vector<std::string>& names) {
  ARROW_ASSIGN_OR_RAISE(const auto text, ReadManifestText(folder));
  ARROW_ASSIGN_OR_RAISE(const Manifest manifest, ParseManifest(text));
  for (const std::string& name : names) {
    const bool is_listed =
        std::ranges::find(manifest.parts, name, &ManifestPart::file) != manifest.parts.end();
    if (is_listed && IsWithin(folder, name)) continue;
    return arrow::Status::Invalid("a save was not finished, and its journal '", kJournalName,
                                  "' names ", MessageText(QuotedValue(name)),
                                  ", which is no file of the dataset in its folder; remove it and "
                                  "run 'usdparquet dataset' on the folder");
  }
  return arrow::Status::OK();
}

/// Does what the journal says, if there is one. REQUIRES: nobody else does, or saves.
arrow::Status Finish(const std::string& folder) {
  const std::string journal = folder + "/" + kJournalName;
  if (!IsThere(journal)) return arrow::Status::OK();
  const auto names = ReadJournal(journal);
  if (!names.ok()) {
    // Another process has finished it in the meantime.
    return IsThere(journal) ? names.status() : arrow::Status::OK();
  }
  ARROW_RETURN_NOT_OK(CheckNames(folder, *names));
  for (const std::string& name : *names) ARROW_RETURN_NOT_OK(TakeName(folder, name));
  ARROW_RETURN_NOT_OK(TakeName(folder, kManifestName));
  SyncFolder(folder);
  if (RemoveFile(journal) || errno == ENOENT) return arrow::Status::OK();
  return SystemError("the journal of a save that is finished can't be removed");
}

}  // namespace

arrow::Status FinishSave(const std::string& folder) {
  const auto has_journal = [&] { return IsThere(folder + "/" + kJournalName); };
  if (!has_journal()) return arrow::Status::OK();
  const int lock = OpenFolder(folder);
  // Who has the lock finishes it, which takes some renames. Where folders have no locks, nobody
  // else is known to be there.
  bool is_others = false;
  for (int tries = 0; tries < 200; ++tries) {
    is_others = lock >= 0 && !TakeLock(lock) && IsTakenOrGone();
    if (!is_others) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  arrow::Status finished;
  if (!is_others) {
    finished = Finish(folder);
  } else if (has_journal()) {
    finished = arrow::Status::IOError("another process is saving the dataset; try again");
  }
  if (lock >= 0) CloseFile(lock);
  return finished;
}

arrow::Result<std::unique_ptr<DatasetSave>> DatasetSave::Begin(const std::string& folder) {
  ARROW_RETURN_NOT_OK(FinishSave(folder));
  std::unique_ptr<DatasetSave> save(new DatasetSave(folder));
  save->lock_ = OpenFolder(folder);
  if (save->lock_ < 0) return SystemError("can't open the folder");
  // Where folders have no locks, nobody else is known to save.
  if (!TakeLock(save->lock_) && IsTakenOrGone()) {
    return arrow::Status::IOError("another process is saving the dataset; try again");
  }
  // A process may have been killed between the two.
  ARROW_RETURN_NOT_OK(Finish(folder));
  const auto text = ReadManifestText(folder);
  if (!text.ok()) {
    return arrow::Status::Invalid(
        "the dataset has no manifest, and is not saved over; write one with 'usdparquet dataset', "
        "or export the layer to another file");
  }
  ARROW_ASSIGN_OR_RAISE(save->manifest_, ParseManifest(*text));
  std::vector<std::string> files;
  for (size_t i = 0; i < save->manifest_.parts.size(); ++i) files.push_back(save->FileOf(i));
  if (const auto same = FindSameFiles(files); !same.empty()) {
    const auto quoted = [&](size_t i) { return QuotedValue(save->manifest_.parts[i].file); };
    return arrow::Status::Invalid("its manifest lists a file twice, as ", quoted(same[0].first),
                                  " and as ", quoted(same[0].again),
                                  ", and is not saved over; leave one of them out");
  }
  // Nobody could open the new dataset either.
  std::vector<std::string> gone;
  if (save->manifest_.covers_folder) {
    ARROW_RETURN_NOT_OK(CheckFolder(folder, save->manifest_, &gone));
  }
  // What a process left that was killed before it had a journal.
  for (size_t i = 0; i < save->manifest_.parts.size(); ++i) {
    if (IsWithin(folder, save->manifest_.parts[i].file)) save->replaced_.insert(i);
  }
  save->RemoveNewFiles();
  save->replaced_.clear();
  return save;
}

DatasetSave::~DatasetSave() {
  if (!has_journal_) RemoveNewFiles();
  if (lock_ >= 0) CloseFile(lock_);
}

void DatasetSave::RemoveNewFiles() const {
  for (const size_t part : replaced_) {
    RemoveFile(PathFrom(folder_, HiddenName(manifest_.parts[part].file)));
  }
  RemoveFile(folder_ + "/" + HiddenName(kManifestName));
  if (!new_index_.empty()) RemoveFile(folder_ + "/" + new_index_);
}

std::string DatasetSave::FileOf(size_t part) const {
  return PathFrom(folder_, manifest_.parts[part].file);
}

arrow::Result<std::string> DatasetSave::NewFileOf(size_t part) {
  if (!IsWithin(folder_, manifest_.parts[part].file)) {
    return arrow::Status::Invalid(
        "it lies outside of the dataset's folder, and is not saved over; export the layer to "
        "another file");
  }
  replaced_.insert(part);
  const std::string fresh = PathFrom(folder_, HiddenName(manifest_.parts[part].file));
  ARROW_RETURN_NOT_OK(MakeFileLike(FileOf(part), fresh));
  return fresh;
}

arrow::Status DatasetSave::Commit(const IdentifierTest& unicode_test,
                                  const std::function<arrow::Status(TableFile)>& check) {
  return Guarded([&]() -> arrow::Status {
    std::vector<std::string> names;
    std::vector<ListedFile> files;
    nlohmann::ordered_json journal;
    journal["version"] = ManifestVersion();
    journal["parts"] = nlohmann::ordered_json::array();
    for (size_t i = 0; i < manifest_.parts.size(); ++i) {
      const ManifestPart& part = manifest_.parts[i];
      names.push_back(part.file);
      ListedFile& listed = files.emplace_back();
      if (replaced_.contains(i)) {
        listed.file = PathFrom(folder_, HiddenName(part.file));
        journal["parts"].push_back(part.file);
      } else {
        listed.file = FileOf(i);
        listed.description = part.description;
        listed.description->schema = manifest_.schemas[part.schema];
      }
    }
    ManifestOptions options;
    options.path_column = manifest_.path_column;
    options.time_column = manifest_.time_column;
    options.has_index = manifest_.index.has_value();
    options.unicode_test = unicode_test;
    const std::string manifest = folder_ + "/" + kManifestName;
    ARROW_ASSIGN_OR_RAISE(const PlannedManifest plan,
                          PlanManifest(manifest, names, std::move(files), manifest_.covers_folder,
                                       options, &manifest_));
    if (check) ARROW_RETURN_NOT_OK(check(TableFileOf(plan)));
    const std::string new_manifest = folder_ + "/" + HiddenName(kManifestName);
    ARROW_RETURN_NOT_OK(WithFileName(MakeFileLike(manifest, new_manifest), kManifestName));
    const auto &index = plan.manifest.index, &old_index = manifest_.index;
    if (index && (!old_index || old_index->file != index->file)) new_index_ = index->file;
    ARROW_RETURN_NOT_OK(WriteIndexOf(plan, folder_));
    ARROW_RETURN_NOT_OK(WriteFileText(new_manifest, plan.text));
    SyncFolder(folder_);
    ARROW_RETURN_NOT_OK(WriteFileText(folder_ + "/" + kJournalName, journal.dump()));
    has_journal_ = true;
    const arrow::Status finished = Finish(folder_);
    if (!finished.ok()) {
      return finished.WithMessage(finished.message(),
                                  "; what was saved is written, and takes its place when the "
                                  "dataset is opened again: reload the layer");
    }
    // Without it, the dataset opens more slowly; the next save writes it.
    (void)WriteCacheOf(plan, folder_);
    RemoveOtherIndexes(folder_, plan.manifest);
    NoteFolderTime(folder_);
    return arrow::Status::OK();
  });
}

}  // namespace usdparquet
