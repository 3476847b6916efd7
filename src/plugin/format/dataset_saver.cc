#include "plugin/format/dataset_saver.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/chunked_array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/table.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/dataset/dataset_save.h"
#include "core/index/arrow_columns.h"
#include "core/schema/without_views.h"
#include "core/table/bulk_reader.h"
#include "core/table/part_files.h"
#include "core/util/file_name.h"
#include "core/util/open_file.h"
#include "core/write/file_patch.h"
#include "plugin/edit/cell_patches.h"
#include "plugin/format/dataset_additions.h"
#include "plugin/format/layer_file.h"
#include "plugin/format/part_rows_writer.h"
#include "plugin/format/removed_prims.h"
#include "plugin/format/saved_check.h"
#include "plugin/values/identifier.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

using usdparquet::ColumnPatch;

constexpr char kExport[] =
    "; export the layer to another file (alone in a folder, 'usdparquet dataset' makes a dataset "
    "of it)";

arrow::Status OrExport(const arrow::Status& status) {
  return status.ok() ? status : status.WithMessage(status.message(), kExport);
}

class DatasetWriter {
 public:
  DatasetWriter(const UsdParquetLayerData& data, usdparquet::DatasetSave& save,
                usdparquet::WriteOptions options)
      : table_(data.source().table()),
        parts_(*table_.table_file().parts()),
        save_(save),
        options_(std::move(options)) {
    options_.path_column = table_.path_column();
    options_.time_column = table_.time_column();
  }

  /// Whether the files that the layer was read from are those that are to be saved over.
  bool IsOf(const usdparquet::Manifest& manifest) const {
    const auto& parts = parts_.list().parts;
    return std::ranges::equal(parts, manifest.parts, [](const auto& a, const auto& b) {
      return a.name == b.file && a.digest == b.description.digest && a.bytes == b.description.bytes;
    });
  }

  /// Puts the cells of `patches`, whose rows are those of the dataset, into new files.
  arrow::Status Patch(const std::vector<ColumnPatch>& patches) {
    std::map<uint32_t, std::vector<ColumnPatch>> by_part;
    for (const ColumnPatch& patch : patches) {
      for (size_t i = 0; i < patch.rows.size();) {
        const uint32_t part = PartOf(patch.rows[i]);
        const uint32_t first = parts_.FirstRowOf(part);
        ColumnPatch own;
        own.column = patch.column;
        const size_t begin = i;
        for (; i < patch.rows.size() && PartOf(patch.rows[i]) == part; ++i) {
          own.rows.push_back(patch.rows[i] - first);
        }
        own.values =
            patch.values->Slice(static_cast<int64_t>(begin), static_cast<int64_t>(i - begin));
        by_part[part].push_back(std::move(own));
      }
    }
    for (auto& [part, own] : by_part) {
      const auto patch = [&, number = part, &cells = own] { return PatchPart(number, &cells); };
      ARROW_RETURN_NOT_OK(usdparquet::WithFileName(patch(), parts_.list().parts[part].name));
      patched_.insert(part);
    }
    return arrow::Status::OK();
  }

  /// Whether a file has a column, and is one of which cells can be set alone. Columns of folders
  /// count, which have their own error.
  bool HasCell(size_t column, uint32_t row) {
    const usdparquet::ColumnInfo& info = table_.columns()[column];
    if (parts_.PartitionOf(info.column_name)) return true;
    const uint32_t part = PartOf(row);
    return parts_.Localize(info)[parts_.list().parts[part].schema] && CanPatch(part);
  }

  /// Writes new rows and columns to new files.
  arrow::Status Add(const UsdParquetAdditions& additions) {
    std::set<uint32_t> parts;
    for (const auto& row : additions.rows) parts.insert(row.part);
    for (const uint32_t part : parts) {
      const auto add = [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(const std::string source, CurrentFileOf(part));
        ARROW_ASSIGN_OR_RAISE(const std::string target, save_.NewFileOf(part));
        return OrExport(
            UsdParquetWriteAdditions(additions, part, table_, source, target, options_));
      };
      ARROW_RETURN_NOT_OK(usdparquet::WithFileName(add(), parts_.list().parts[part].name));
      patched_.insert(part);
    }
    return arrow::Status::OK();
  }

  /// Leaves the rows of removed prims out of new files.
  arrow::Status Remove(const UsdParquetRemovedPrims& removed) {
    UsdParquetStayingPrims staying(removed);
    ARROW_RETURN_NOT_OK(VisitPaths([&](std::string_view path) {
      staying.NoteAncestors(path);
      return arrow::Status::OK();
    }));
    ARROW_RETURN_NOT_OK(VisitPaths([&](std::string_view path) {
      if (staying.MayGo(path)) return arrow::Status::OK();
      return arrow::Status::Invalid("the prim ", path,
                                    " can't be removed alone: a prim above it has no earlier row, "
                                    "and would go too or change its place; export the layer to "
                                    "another file");
    }));
    for (uint32_t part = 0; part < parts_.list().parts.size(); ++part) {
      ARROW_RETURN_NOT_OK(
          usdparquet::WithFileName(RemoveFrom(part, removed), parts_.list().parts[part].name));
    }
    return arrow::Status::OK();
  }

 private:
  /// The new file of a part, if there is one by now.
  arrow::Result<std::string> CurrentFileOf(uint32_t part) {
    if (patched_.contains(part)) return save_.NewFileOf(part);
    return save_.FileOf(part);
  }

  uint32_t PartOf(uint32_t row) const {
    return parts_.GroupAt(table_.table_file().GroupOf(row)).part;
  }

  /// One that can't be read is found again, and told, when it is patched.
  bool CanPatch(uint32_t part) {
    const auto [known, is_new] = can_patch_.try_emplace(part, true);
    if (is_new) {
      const auto file = parts_.Open(part);
      known->second = !file.ok() || usdparquet::WhyNotToPatch(*(*file)->file.metadata()).empty();
    }
    return known->second;
  }

  arrow::Status PatchPart(uint32_t part, std::vector<ColumnPatch>* patches) {
    ARROW_ASSIGN_OR_RAISE(auto file, usdparquet::OpenFile(save_.FileOf(part)));
    usdparquet::TableOptions options;
    options.path_column = table_.path_column();
    options.time_column = table_.time_column();
    options.unicode_test = UsdParquetIsIdentifier;
    const std::string& name = parts_.list().parts[part].name;
    ARROW_ASSIGN_OR_RAISE(const auto table,
                          usdparquet::Table::Open(std::move(file), name, std::move(options)));
    for (ColumnPatch& patch : *patches) {
      const std::string& column = table_.columns()[patch.column].column_name;
      const auto& own = table->columns();
      const auto found = std::ranges::find(own, column, &usdparquet::ColumnInfo::column_name);
      if (found == own.end() || parts_.PartitionOf(column)) {
        return arrow::Status::Invalid("column '", column,
                                      "' is none of the file's, so that its cells can't be saved; "
                                      "export the layer to another file");
      }
      patch.column = static_cast<size_t>(found - own.begin());
    }
    if (!table->HasSoundIndex()) {
      return arrow::Status::Invalid(
          "its index is damaged; write it again with 'usdparquet "
          "optimize' first");
    }
    const auto cannot_write_whole = [] { return false; };
    ARROW_ASSIGN_OR_RAISE(const std::string new_file, save_.NewFileOf(part));
    std::optional<usdparquet::RefusedCell> refused;
    ARROW_ASSIGN_OR_RAISE(
        const bool is_patched,
        usdparquet::PatchFile(*table, *patches, new_file, options_, cannot_write_whole, &refused));
    if (is_patched) return arrow::Status::OK();
    return OrExport(UsdParquetRefused(
        refused, refused ? "row " + std::to_string(refused->row) : std::string()));
  }

  /// Calls `f` with the paths of all rows of all files, up to the first error.
  arrow::Status VisitPaths(const std::function<arrow::Status(std::string_view)>& f) const {
    for (uint32_t part = 0; part < parts_.list().parts.size(); ++part) {
      const auto visit = [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(const auto file, UsdParquetOpenCells(save_.FileOf(part)));
        ARROW_ASSIGN_OR_RAISE(const auto reader, usdparquet::BulkReader::Open(file->table_file()));
        ARROW_ASSIGN_OR_RAISE(const auto paths, ReadPaths(*file, *reader));
        if (!paths) return arrow::Status::OK();
        ARROW_ASSIGN_OR_RAISE(const auto texts, usdparquet::StringViews(*paths->column(0)));
        for (const std::string_view text : texts) {
          if (text.data()) ARROW_RETURN_NOT_OK(f(text));
        }
        return arrow::Status::OK();
      };
      ARROW_RETURN_NOT_OK(usdparquet::WithFileName(visit(), parts_.list().parts[part].name));
    }
    return arrow::Status::OK();
  }

  /// The column of paths of a file; null if it has none, or no text in it as its type says.
  arrow::Result<std::shared_ptr<arrow::Table>> ReadPaths(
      const usdparquet::Table& file, const usdparquet::BulkReader& reader) const {
    const int leaf = file.metadata().schema()->ColumnIndex(table_.path_column());
    if (leaf < 0) return nullptr;
    ARROW_ASSIGN_OR_RAISE(auto paths, reader.ReadAll({leaf}));
    if (paths->column(0)->type()->id() == arrow::Type::NA) return nullptr;
    return usdparquet::WithoutViews(std::move(paths));
  }

  arrow::Status RemoveFrom(uint32_t part, const UsdParquetRemovedPrims& removed) {
    ARROW_ASSIGN_OR_RAISE(const std::string source, CurrentFileOf(part));
    ARROW_ASSIGN_OR_RAISE(auto table, ReadWithout(source, removed));
    if (!table) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(const std::string new_file, save_.NewFileOf(part));
    return usdparquet::WriteTable(*table, new_file, options_).status();
  }

  /// The rows of the file that are left; null if that is all of them.
  arrow::Result<std::shared_ptr<arrow::Table>> ReadWithout(
      const std::string& source, const UsdParquetRemovedPrims& removed) const {
    ARROW_ASSIGN_OR_RAISE(const auto file, UsdParquetOpenCells(source));
    ARROW_ASSIGN_OR_RAISE(const auto reader, usdparquet::BulkReader::Open(file->table_file()));
    ARROW_ASSIGN_OR_RAISE(const auto paths, ReadPaths(*file, *reader));
    if (!paths) return nullptr;
    ARROW_ASSIGN_OR_RAISE(const auto texts, usdparquet::StringViews(*paths->column(0)));
    arrow::Int64Builder left;
    for (size_t row = 0; row < texts.size(); ++row) {
      if (texts[row].data() && removed.Has(texts[row])) continue;
      ARROW_RETURN_NOT_OK(left.Append(static_cast<int64_t>(row)));
    }
    ARROW_ASSIGN_OR_RAISE(const auto rows, left.Finish());
    if (static_cast<size_t>(rows->length()) == texts.size()) return nullptr;
    ARROW_ASSIGN_OR_RAISE(auto all, reader->ReadAll());
    ARROW_ASSIGN_OR_RAISE(all, usdparquet::WithoutViews(std::move(all)));
    ARROW_ASSIGN_OR_RAISE(const auto taken,
                          arrow::compute::Take(arrow::Datum(all), arrow::Datum(rows)));
    return taken.table();
  }

  const usdparquet::Table& table_;
  const usdparquet::PartFiles& parts_;
  usdparquet::DatasetSave& save_;
  usdparquet::WriteOptions options_;
  std::set<uint32_t> patched_;
  std::map<uint32_t, bool> can_patch_;
};

/// Rows and columns are added to what is shown whole and as it is.
arrow::Status CheckArguments(const UsdParquetArguments& arguments) {
  const bool is_changed = arguments.columns || !arguments.prefix.IsAbsoluteRootPath() ||
                          arguments.declares_nulls || !arguments.colors.column.empty();
  if (!is_changed) return arrow::Status::OK();
  return arrow::Status::Invalid(
      "prims, properties and time samples can't be added to a dataset that is opened with one of "
      "the format arguments 'columns', 'prefix', 'nulls' and 'color'");
}

}  // namespace

arrow::Status UsdParquetSaveDataset(const UsdParquetLayerData& data, const std::string& folder,
                                    const UsdParquetArguments& arguments,
                                    const usdparquet::WriteOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto save, usdparquet::DatasetSave::Begin(folder));
  DatasetWriter writer(data, *save, options);
  if (!writer.IsOf(save->manifest())) {
    return arrow::Status::Invalid(
        "its files were changed after the layer was opened; reload the layer and edit it again");
  }
  UsdParquetRemovedPrims removed(data);
  UsdParquetLayerEdits others, rest;
  if (!removed.KeepOthers(&others)) {
    return arrow::Status::Invalid("prims of a dataset can't be put into another order", kExport);
  }
  if (!removed.empty() && !arguments.prefix.IsAbsoluteRootPath()) {
    return arrow::Status::Invalid(
        "prims of a dataset can't be removed below the format argument 'prefix'");
  }
  if (!removed.empty() && arguments.columns) {
    return arrow::Status::Invalid(
        "prims of a dataset can't be removed with the format argument 'columns': their rows have "
        "columns that are not shown");
  }
  const auto has_cell = [&](size_t column, uint32_t row) { return writer.HasCell(column, row); };
  ARROW_ASSIGN_OR_RAISE(auto patches,
                        UsdParquetCellPatches(data.source(), others, has_cell, &rest));
  if (patches && rest.empty()) {
    ARROW_ASSIGN_OR_RAISE(patches, UsdParquetCellPatches(data.source(), others));
  }
  if (!patches) {
    return arrow::Status::Invalid(
        "the columns of its files can't hold the edited values, or keep the order of properties",
        kExport);
  }
  ARROW_RETURN_NOT_OK(writer.Patch(*patches));
  std::function<arrow::Status(usdparquet::TableFile)> check;
  if (!rest.empty()) {
    ARROW_RETURN_NOT_OK(OrExport(CheckArguments(arguments)));
    const auto additions = UsdParquetFindAdditions(data, rest);
    if (!additions.ok()) return OrExport(additions.status());
    ARROW_RETURN_NOT_OK(writer.Add(*additions));
    check = [&](usdparquet::TableFile file) -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(const auto saved,
                            UsdParquetSourceOf(std::move(file), folder, arguments));
      return OrExport(UsdParquetCheckSaved(data, saved));
    };
  }
  removed.MakeTexts();
  if (!removed.empty()) ARROW_RETURN_NOT_OK(writer.Remove(removed));
  return save->Commit(UsdParquetIsIdentifier, check);
}

PXR_NAMESPACE_CLOSE_SCOPE
