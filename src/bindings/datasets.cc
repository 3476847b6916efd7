// Datasets: many files as one table.

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <string>
#include <vector>

#include "bindings/bindings.h"
#include "core/dataset/dataset.h"
#include "core/dataset/folder_files.h"
#include "core/dataset/part_description.h"
#include "core/table/file_check.h"
#include "core/table/part_files.h"
#include "core/table/table_warnings.h"
#include "core/util/file_name.h"
#include "core/util/open_file.h"

namespace nb = nanobind;

namespace usdparquet::bindings {
namespace {

std::string DescribeOnePart(const nb::object& source, const std::string& path_column) {
  const std::string file = FileName(source);
  return SerializePartDescription(CallUnlocked([&]() -> arrow::Result<PartDescription> {
    ARROW_ASSIGN_OR_RAISE(auto opened, WithFileName(OpenFile(file), file));
    return DescribePart(std::move(opened), file, /*reads_paths=*/true, path_column);
  }));
}

nb::list FolderFiles(const nb::object& source) {
  const std::string folder = FileName(source);
  const auto names = CallUnlocked([&] { return WithFileName(FilesIn(folder), folder); });
  nb::list list;
  for (const std::string& name : names) {
    list.append(nb::steal(
        PyUnicode_DecodeFSDefaultAndSize(name.data(), static_cast<Py_ssize_t>(name.size()))));
  }
  return list;
}

nb::dict WriteOneManifest(const nb::object& manifest, const nb::list& files,
                          const std::vector<std::optional<std::string>>& descriptions,
                          bool covers_folder, const std::string& path_column,
                          const std::string& time_column, bool has_index) {
  const std::string target = FileName(manifest);
  std::vector<ListedFile> listed;
  for (const nb::handle& file : files) {
    listed.push_back({FileName(nb::borrow(file)), std::nullopt});
  }
  if (!descriptions.empty() && descriptions.size() != listed.size()) {
    throw nb::value_error("there are not as many descriptions as files");
  }
  for (size_t i = 0; i < descriptions.size(); ++i) {
    if (!descriptions[i]) continue;
    listed[i].description =
        ValueOrRaise(WithFileName(ParsePartDescription(*descriptions[i]), listed[i].file));
  }
  ManifestOptions options;
  options.path_column = path_column;
  options.time_column = time_column;
  options.has_index = has_index;
  options.unicode_test = IsPythonIdentifier;
  const ManifestSummary summary = CallUnlocked(
      [&] { return WriteManifest(target, std::move(listed), covers_folder, options); });
  nb::list warnings;
  for (const std::string& warning : summary.warnings) warnings.append(ToStr(warning));
  nb::dict out;
  out["parts"] = summary.parts;
  out["rows"] = summary.rows;
  out["prims"] = summary.prims;
  out["manifest_bytes"] = summary.manifest_bytes;
  out["index_bytes"] = summary.index_bytes;
  out["warnings"] = warnings;
  return out;
}

nb::dict DescribeDataset(const nb::object& source) {
  const std::string folder = FileName(source);
  std::vector<SameFile> same;
  const OpenedDataset opened = CallUnlocked([&]() -> arrow::Result<OpenedDataset> {
    ARROW_ASSIGN_OR_RAISE(OpenedDataset found,
                          WithFileName(OpenDataset(folder, DamagedParts::kAreLeftOut), folder));
    std::vector<std::string> files;
    const PartFiles& all = *found.file.parts();
    for (const Part& part : all.list().parts) files.push_back(all.FileOf(part));
    same = FindSameFiles(files);
    return found;
  });
  nb::list parts;
  for (const Part& part : opened.file.parts()->list().parts) {
    const std::string file = opened.file.parts()->FileOf(part);
    int64_t rows = 0;
    for (const uint32_t count : part.group_rows) rows += count;
    nb::dict entry;
    entry["name"] = ToStr(part.name);
    entry["file"] = nb::steal(
        PyUnicode_DecodeFSDefaultAndSize(file.data(), static_cast<Py_ssize_t>(file.size())));
    entry["bytes"] = part.bytes;
    entry["rows"] = rows;
    parts.append(entry);
  }
  nb::list warnings;
  for (const std::string& warning : opened.warnings)
    warnings.append(ToStr(folder + ": " + warning));
  nb::list problems;
  for (const auto& [first, again] : same) {
    const std::vector<Part>& list = opened.file.parts()->list().parts;
    problems.append(ToStr(folder + ": '" + list[first].name + "' and '" + list[again].name +
                          "' are one file, of which a save would change one; put a copy in the "
                          "place of the link, or take it out of the dataset, and run 'usdparquet "
                          "dataset' on the folder"));
  }
  nb::dict out;
  out["has_manifest"] = opened.has_manifest;
  out["problems"] = problems;
  out["parts"] = parts;
  out["warnings"] = warnings;
  return out;
}

/// What is wrong with the pages of each part, and with parts that are not those that are listed.
nb::list CheckParts(const nb::object& source) {
  const std::string folder = FileName(source);
  const auto found = CallUnlocked([&]() -> arrow::Result<std::vector<std::string>> {
    ARROW_ASSIGN_OR_RAISE(const OpenedDataset opened,
                          WithFileName(OpenDataset(folder, DamagedParts::kAreLeftOut), folder));
    const PartFiles& parts = *opened.file.parts();
    std::vector<std::string> messages;
    for (uint32_t i = 0; i < parts.list().parts.size(); ++i) {
      const auto part = parts.Open(i);
      if (!part.ok()) {
        messages.push_back(folder + ": " + part.status().message());
        continue;
      }
      const std::string name = folder + ": " + parts.list().parts[i].name;
      ARROW_ASSIGN_OR_RAISE(const auto damaged, FindDamage((*part)->file, name));
      messages.insert(messages.end(), damaged.begin(), damaged.end());
      std::string rows = DescribeOtherRowCount(name, (*part)->file);
      if (!rows.empty()) messages.push_back(std::move(rows));
    }
    return messages;
  });
  nb::list list;
  for (const std::string& message : found) list.append(ToStr(message));
  return list;
}

}  // namespace

void AddDatasets(nb::module_& m) {
  m.def("describe_part", &DescribeOnePart, nb::arg("file"), nb::arg("path_column") = "",
        "What a manifest says of one Parquet file, as JSON: bytes, digest of the footer, rows of "
        "each row group, schema, first and last path. Reads the footer and the column of paths. "
        "Raises ValueError or OSError for a file that a dataset can't have.");
  m.def("folder_files", &FolderFiles, nb::arg("folder"),
        "The names of the files of a dataset's folder, relative to it and sorted.");
  m.def("describe_dataset", &DescribeDataset, nb::arg("folder"),
        "The dataset in the folder: has_manifest, parts (name, file, bytes, rows), warnings, and "
        "problems: a message for each file that it has by two names. "
        "Raises ValueError or OSError with the reason if there is none.");
  m.def("check_parts", &CheckParts, nb::arg("folder"),
        "A message for each chunk of a dataset's files with damaged pages, and for each file that "
        "is gone or changed since its manifest was written. Decodes every page.");
  m.def("write_manifest", &WriteOneManifest, nb::arg("manifest"), nb::arg("files"), nb::kw_only(),
        nb::arg("descriptions") = std::vector<std::optional<std::string>>(),
        nb::arg("covers_folder") = false, nb::arg("path_column") = "", nb::arg("time_column") = "",
        nb::arg("has_index") = true,
        "Writes the manifest of these files, and the index of all of them beside it. "
        "`descriptions` are those that `describe_part` gave of the files, or None of one that is "
        "to be read. Of all files, the index reads the columns of paths and times; without one, "
        "described files are not opened. Returns parts, rows, prims, manifest_bytes, index_bytes, "
        "warnings.");
}

}  // namespace usdparquet::bindings
