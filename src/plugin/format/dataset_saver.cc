#include "plugin/format/dataset_saver.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/chunked_array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/table.h>
#include <pxr/usd/sdf/schema.h>

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
#include "plugin/values/identifier.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

using usdparquet::ColumnPatch;
using Spec = UsdParquetLayerEdits::Spec;

constexpr char kExport[] =
    "a dataset is saved cell by cell, and more than cells and removed prims was edited; export the "
    "layer to another file";

/// Prims that were removed, and all other edits.
class RemovedPrims {
 public:
  explicit RemovedPrims(const UsdParquetLayerData& data) : data_(data) {
    for (const auto& [path, spec] : data.edits()) {
      const bool is_removed = spec.hides_file && spec.type == SdfSpecTypeUnknown;
      if (is_removed && path.IsPrimPath() && !data.edits().IsMoved(path)) paths_.insert(path);
    }
  }

  bool empty() const { return paths_.empty(); }

  /// The edits that are about other prims. False if the lists of children are not those that the
  /// removed prims leave.
  bool KeepOthers(UsdParquetLayerEdits* others) const {
    for (const auto& [path, spec] : data_.edits()) {
      if (spec.hides_file && spec.type == SdfSpecTypeUnknown && IsBelow(path)) continue;
      if (const VtValue* children = spec.Find(SdfChildrenKeys->PrimChildren)) {
        if (spec.hides_file || spec.fields.size() != 1 || !IsLeft(path, *children)) return false;
        continue;
      }
      (*others)[path] = spec;
    }
    return true;
  }

  /// Whether a row with that path is one of a removed prim.
  bool Has(std::string_view path) const {
    for (size_t end = path.size(); end != std::string_view::npos && end > 0;
         end = path.rfind('/', end - 1)) {
      if (texts_.contains(path.substr(0, end))) return true;
    }
    return false;
  }

  void MakeTexts() {
    for (const SdfPath& path : paths_) texts_.insert(path.GetString());
  }

 private:
  bool IsBelow(const SdfPath& path) const {
    for (SdfPath above = path.GetPrimPath(); above.IsPrimPath(); above = above.GetParentPath()) {
      if (paths_.contains(above)) return true;
    }
    return false;
  }

  /// Whether these are the children of the file but for those that were removed.
  bool IsLeft(const SdfPath& parent, const VtValue& children) const {
    VtValue before;
    data_.source().Has(parent, SdfChildrenKeys->PrimChildren, &before, nullptr);
    TfTokenVector left;
    if (before.IsHolding<TfTokenVector>()) {
      for (const TfToken& name : before.UncheckedGet<TfTokenVector>()) {
        if (!paths_.contains(parent.AppendChild(name))) left.push_back(name);
      }
    }
    return children.IsEmpty() ? left.empty()
                              : children.IsHolding<TfTokenVector>() &&
                                    children.UncheckedGet<TfTokenVector>() == left;
  }

  const UsdParquetLayerData& data_;
  std::set<SdfPath> paths_;
  std::set<std::string, std::less<>> texts_;
};

/// Tells whether prims that stay owe themselves, or their place among their siblings, to a row that
/// goes: the place of a prim without an earlier row is that of the first row below it.
class StayingPrims {
 public:
  explicit StayingPrims(const RemovedPrims& removed) : removed_(removed) {}

  /// To be called with the paths of all rows first,
  void NoteAncestors(std::string_view path) {
    if (!removed_.Has(path)) return;
    VisitPrefixes(path, [&](std::string_view prefix) {
      if (!removed_.Has(prefix)) is_named_.emplace(prefix, false);
    });
  }

  /// and then with all again, in their order. False if one of them is such a row.
  bool MayGo(std::string_view path) {
    bool may_go = true;
    const bool goes = removed_.Has(path);
    VisitPrefixes(path, [&](std::string_view prefix) {
      const auto found = is_named_.find(prefix);
      if (found == is_named_.end()) return;
      if (goes && !found->second) may_go = false;
      found->second = true;
    });
    return may_go;
  }

 private:
  /// The path and those of its ancestors.
  template <typename F>
  static void VisitPrefixes(std::string_view path, const F& f) {
    for (size_t end = path.size(); end != std::string_view::npos && end > 0;
         end = path.rfind('/', end - 1)) {
      f(path.substr(0, end));
    }
  }

  const RemovedPrims& removed_;
  std::map<std::string, bool, std::less<>> is_named_;
};

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

  /// Leaves the rows of removed prims out of new files.
  arrow::Status Remove(const RemovedPrims& removed) {
    StayingPrims staying(removed);
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
  uint32_t PartOf(uint32_t row) const {
    return parts_.GroupAt(table_.table_file().GroupOf(row)).part;
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
    ARROW_ASSIGN_OR_RAISE(
        const bool is_patched,
        usdparquet::PatchFile(*table, *patches, new_file, options_, cannot_write_whole));
    if (is_patched) return arrow::Status::OK();
    return arrow::Status::Invalid(
        "its columns can't hold the edited values; export the layer to another file");
  }

  /// Calls `f` with the paths of all rows of all files, up to the first error.
  arrow::Status VisitPaths(const std::function<arrow::Status(std::string_view)>& f) const {
    for (uint32_t part = 0; part < parts_.list().parts.size(); ++part) {
      const auto visit = [&]() -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE(auto bytes, usdparquet::OpenFile(save_.FileOf(part)));
        ARROW_ASSIGN_OR_RAISE(const auto file, OpenCells(std::move(bytes)));
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

  /// Not as a table of prims, of which rows that are not shown would be missing.
  static arrow::Result<std::shared_ptr<usdparquet::Table>> OpenCells(
      std::shared_ptr<arrow::io::RandomAccessFile> bytes) {
    usdparquet::TableOptions options;
    options.has_paths = false;
    options.use = usdparquet::WantedAs::kCells;
    options.unicode_test = UsdParquetIsIdentifier;
    return usdparquet::Table::Open(std::move(bytes), "", std::move(options));
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

  arrow::Status RemoveFrom(uint32_t part, const RemovedPrims& removed) {
    std::string source = save_.FileOf(part);
    if (patched_.contains(part)) {
      ARROW_ASSIGN_OR_RAISE(source, save_.NewFileOf(part));
    }
    ARROW_ASSIGN_OR_RAISE(auto bytes, usdparquet::OpenFile(source));
    ARROW_ASSIGN_OR_RAISE(auto table, ReadWithout(std::move(bytes), removed));
    if (!table) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(const std::string new_file, save_.NewFileOf(part));
    return usdparquet::WriteTable(*table, new_file, options_).status();
  }

  /// The rows of the file that are left; null if that is all of them.
  arrow::Result<std::shared_ptr<arrow::Table>> ReadWithout(
      std::shared_ptr<arrow::io::RandomAccessFile> bytes, const RemovedPrims& removed) const {
    ARROW_ASSIGN_OR_RAISE(const auto file, OpenCells(std::move(bytes)));
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
};

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
  RemovedPrims removed(data);
  UsdParquetLayerEdits others;
  if (!removed.KeepOthers(&others)) return arrow::Status::Invalid(kExport);
  if (!removed.empty() && !arguments.prefix.IsAbsoluteRootPath()) {
    return arrow::Status::Invalid(
        "prims of a dataset can't be removed below the format argument 'prefix'");
  }
  ARROW_ASSIGN_OR_RAISE(const auto patches, UsdParquetCellPatches(data.source(), others));
  if (!patches) return arrow::Status::Invalid(kExport);
  ARROW_RETURN_NOT_OK(writer.Patch(*patches));
  removed.MakeTexts();
  if (!removed.empty()) ARROW_RETURN_NOT_OK(writer.Remove(removed));
  return save->Commit(UsdParquetIsIdentifier);
}

PXR_NAMESPACE_CLOSE_SCOPE
