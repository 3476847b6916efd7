#include "plugin/format/layer_saver.h"

#include <arrow/result.h>

#include <filesystem>
#include <functional>
#include <system_error>

#include "core/dataset/folder_files.h"
#include "core/table/file_check.h"
#include "core/util/file_name.h"
#include "core/write/file_patch.h"
#include "core/write/lasting_entries.h"
#include "core/write/layout_names.h"
#include "core/write/table_writer.h"
#include "plugin/edit/cell_patches.h"
#include "plugin/edit/layer_data.h"
#include "plugin/edit/lost_cells.h"
#include "plugin/format/dataset_saver.h"
#include "plugin/format/layer_access.h"
#include "plugin/format/layer_file.h"
#include "plugin/format/residual_crate.h"
#include "plugin/read/format_arguments.h"
#include "plugin/values/identifier.h"
#include "plugin/write/layer_writer.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

usdparquet::WriteOptions DefaultOptions() {
  usdparquet::WriteOptions options;
  options.unicode_test = UsdParquetIsIdentifier;
  options.always_stores_schema = false;
  return options;
}

arrow::Result<usdparquet::WriteOptions> ParseOptions(
    const std::string& file, const SdfFileFormat::FileFormatArguments& arguments) {
  usdparquet::WriteOptions options = DefaultOptions();
  if (const auto layout = arguments.find("for"); layout != arguments.end()) {
    const auto found = usdparquet::LayoutNamed(layout->second);
    if (!found) {
      return arrow::Status::Invalid(file, ": format argument for='", layout->second,
                                    "' is none of ", usdparquet::kLayoutNames);
    }
    options.layout = *found;
  }
  const auto codec = arguments.find("compression");
  if (codec == arguments.end()) return options;
  const auto found = usdparquet::CodecNamed(codec->second);
  if (!found) {
    return arrow::Status::Invalid(file, ": format argument compression='", codec->second,
                                  "' is none of ", usdparquet::kCodecNames);
  }
  options.codec = *found;
  return options;
}

/// Whether what few prims have is to be in columns, too: the format argument `rare`.
arrow::Result<bool> ParseRare(const std::string& file,
                              const SdfFileFormat::FileFormatArguments& arguments) {
  const auto found = arguments.find("rare");
  if (found == arguments.end() || found->second == "residual") return false;
  if (found->second == "columns") return true;
  return arrow::Status::Invalid(file, ": format argument rare='", found->second,
                                "' is none of columns, residual");
}

/// Makes the folder that `file` is to lie in, as OpenUSD's own formats do.
arrow::Status MakeFolderOf(const std::string& file) {
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (!error) return arrow::Status::OK();
  return arrow::Status::IOError(file, ": can't make its folder: ", error.message());
}

/// Writes all of `data` to a file that is its own, or to another.
arrow::Status Write(const SdfAbstractData& data, const std::string& file,
                    usdparquet::WriteOptions options, bool is_own_file, bool has_rare = false) {
  ARROW_RETURN_NOT_OK(MakeFolderOf(file));
  UsdParquetColumnNames names;
  names.has_rare = has_rare;
  std::function<arrow::Status()> is_complete;
  if (const auto* parquet = dynamic_cast<const UsdParquetLayerData*>(&data)) {
    const usdparquet::Table& table = parquet->source().table();
    if (!is_own_file) table.HasSoundIndex();  // replaces one that is not; a save has asked
    const SdfPath lost = parquet->FindLostChild();
    if (!lost.IsEmpty()) {
      return arrow::Status::Invalid(file, ": not written, because the prim ", lost.GetString(),
                                    " would be lost: the path index in ", table.name(),
                                    " was found to be damaged after its siblings were edited; "
                                    "reload the layer and edit it again");
    }
    if (is_own_file) {
      options.entries = usdparquet::LastingEntries(table.metadata().key_value_metadata());
    }
    // Whoever reads the file, or gives its columns as format arguments, finds them again.
    names.path = table.path_column();
    names.order = parquet->source().columns().property_names();
    if (!table.time_column().empty()) {
      names.time = table.time_column();
      names.keeps_time = is_own_file;
    }
    is_complete = [&file, is_own_file, parquet, &table]() -> arrow::Status {
      const std::string damage = table.damage();
      if (!damage.empty()) {
        return arrow::Status::Invalid(file, ": not written, because values of ", table.name(),
                                      " could not be read and would be lost: ", damage,
                                      "; copy the file again from its source, or save what is left "
                                      "with 'usdparquet recover'");
      }
      if (!is_own_file) return arrow::Status::OK();
      ARROW_ASSIGN_OR_RAISE(const std::string cell, UsdParquetFindLostCell(*parquet));
      if (cell.empty()) return arrow::Status::OK();
      return arrow::Status::Invalid(file, ": not written, because values of ", table.name(),
                                    " could not be read and would be lost: ", cell,
                                    "; set or remove it, or export the layer to another file");
    };
  }
  return UsdParquetWriteLayer(data, file, names, options, UsdParquetWriteCrate, is_complete)
      .status();
}

/// Saves a layer in which only cells were edited. False if more was, or if it has to be, and can
/// be, written whole.
arrow::Result<bool> PatchCells(const UsdParquetLayerData& data, const std::string& file,
                               const std::function<bool()>& can_write_whole) {
  ARROW_ASSIGN_OR_RAISE(
      const auto patches,
      usdparquet::WithFileName(UsdParquetCellPatches(data.source(), data.edits()), file));
  if (!patches) return false;
  return usdparquet::PatchFile(data.source().table(), *patches, file, DefaultOptions(),
                               can_write_whole);
}

/// Why a layer can't be written whole to its own file: what it was not shown would be lost. Empty
/// if it can.
std::string ReasonNotToSave(const UsdParquetSource& source, const UsdParquetArguments& arguments) {
  if (!arguments.colors.column.empty()) {
    return "the format argument 'color' shows colours, which are none of the file's";
  }
  if (arguments.columns)
    return "the format argument 'columns' leaves columns out, which would be lost";
  if (!arguments.prefix.IsAbsoluteRootPath()) {
    return "the format argument 'prefix' would count twice";
  }
  const usdparquet::Table& table = source.table();
  if (!table.left_out().empty()) {
    return "its column '" + table.left_out().front().column_name + "' (" +
           table.left_out().front().reason + ") would be lost";
  }
  if (arguments.time_start) return "the format argument 'start' would count twice";
  if (arguments.time_codes_per_second) {
    return "the format argument 'timeCodesPerSecond' would count twice";
  }
  const std::vector<std::string>& left_out_fields = source.columns().left_out_fields();
  if (!left_out_fields.empty()) {
    return "its column '" + left_out_fields.front() + "' would be lost";
  }
  if (!source.left_out_metadata().empty()) return source.left_out_metadata().front();
  const usdparquet::PathIndexReport& report = table.path_report();
  if (!report.invalid_rows.empty()) {
    return "row " + std::to_string(report.invalid_rows.front()) +
           " has no prim path and would be lost";
  }
  if (!report.duplicates.empty()) {
    return "row " + std::to_string(report.duplicates.front().first) + ", whose path row " +
           std::to_string(report.duplicates.front().second) + " repeats, would be lost";
  }
  const auto timed_cells =
      usdparquet::FindTimedCells(table.table_file(), table.schema(), table.schema_entry());
  // What can't be read is found again, and told, when the layer is written.
  if (timed_cells.ok() && !timed_cells->empty()) return timed_cells->front();
  return {};
}

arrow::Status SaveDataset(UsdParquetLayerData* data, const SdfLayer& layer,
                          const std::string& folder) {
  ARROW_ASSIGN_OR_RAISE(const auto arguments,
                        UsdParquetParseArguments(layer.GetFileFormatArguments()));
  ARROW_RETURN_NOT_OK(usdparquet::WithFileName(
      UsdParquetSaveDataset(*data, folder, arguments, DefaultOptions()), folder));
  ARROW_ASSIGN_OR_RAISE(auto source, UsdParquetOpenLayerFile(folder, arguments, nullptr));
  data->Rebase(std::move(source));
  return arrow::Status::OK();
}

}  // namespace

arrow::Status UsdParquetExportLayer(const SdfLayer& layer, const std::string& file,
                                    const SdfFileFormat::FileFormatArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const auto options, ParseOptions(file, arguments));
  ARROW_ASSIGN_OR_RAISE(const bool has_rare, ParseRare(file, arguments));
  return Write(*UsdParquetLayerAccess::Get(layer), file, options, /*is_own_file=*/false, has_rare);
}

arrow::Status UsdParquetSaveLayer(const SdfLayer& layer, const std::string& file) {
  const SdfAbstractDataConstPtr held = UsdParquetLayerAccess::Get(layer);
  // The layer's data changes its shape, not its content: saving can't be const all the way down.
  auto* data =
      const_cast<UsdParquetLayerData*>(dynamic_cast<const UsdParquetLayerData*>(get_pointer(held)));
  if (data && data->source().table().is_joined()) {
    return arrow::Status::Invalid(file,
                                  ": the layer can't be saved to its own file: the file is a table "
                                  "of ids that others share, and has no row a prim; export the "
                                  "layer to another file");
  }
  if (data && data->source().table().is_dataset()) return SaveDataset(data, layer, file);
  if (usdparquet::IsFolder(file)) {
    return arrow::Status::Invalid(
        file,
        ": this is a folder, which is not written over by a new layer, or "
        "by one whose content was cleared or replaced as a whole; export "
        "the layer to another file");
  }
  // A patch keeps the indexes as they are in the file. A damaged one is replaced by this question,
  // before anything is written.
  const bool is_index_sound = !data || data->source().table().HasSoundIndex();
  const auto arguments = UsdParquetParseArguments(layer.GetFileFormatArguments());
  if (!data || !arguments.ok()) {
    return Write(*held, file, DefaultOptions(), /*is_own_file=*/true);
  }

  bool is_patched = false;
  if (is_index_sound) {
    const auto can_write_whole = [&] {
      return ReasonNotToSave(data->source(), *arguments).empty();
    };
    ARROW_ASSIGN_OR_RAISE(is_patched, PatchCells(*data, file, can_write_whole));
  }
  if (!is_patched) {
    const std::string reason = ReasonNotToSave(data->source(), *arguments);
    if (!reason.empty()) {
      return arrow::Status::Invalid(file, ": the layer can't be saved to its own file: ", reason,
                                    "; export it to another");
    }
    ARROW_RETURN_NOT_OK(Write(*data, file, DefaultOptions(), /*is_own_file=*/true));
  }
  ARROW_ASSIGN_OR_RAISE(auto source, UsdParquetOpenLayerFile(file, *arguments, nullptr));
  data->Rebase(std::move(source));
  return arrow::Status::OK();
}

PXR_NAMESPACE_CLOSE_SCOPE
