#include "plugin/format/file_format.h"

#include <pxr/base/tf/diagnostic.h>
#include <pxr/base/tf/registryManager.h>
#include <pxr/base/tf/staticTokens.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/path.h>

#include <filesystem>
#include <functional>
#include <system_error>

#include "core/pages/page_cache.h"
#include "plugin/edit/cell_patches.h"
#include "plugin/edit/layer_data.h"
#include "plugin/format/asset_file.h"
#include "plugin/format/layer_file.h"
#include "plugin/read/format_arguments.h"
#include "plugin/write/layer_writer.h"

PXR_NAMESPACE_OPEN_SCOPE

TF_DEFINE_PRIVATE_TOKENS(_tokens,
                         ((id, "parquet"))((version, "1.0"))((target, "usd"))((usda, "usda")));

TF_REGISTRY_FUNCTION(TfType) { SDF_DEFINE_FILE_FORMAT(UsdParquetFileFormat, SdfFileFormat); }

namespace {

SdfFileFormatConstPtr TextFormat() { return SdfFileFormat::FindById(_tokens->usda); }

bool IsIdentifier(std::string_view name) { return SdfPath::IsValidIdentifier(std::string(name)); }

/// Saves a layer of which only cells were edited. False if more was.
arrow::Result<bool> PatchCells(const UsdParquetLayerData& data, const std::string& file) {
  ARROW_ASSIGN_OR_RAISE(const auto patches, UsdParquetCellPatches(data.source(), data.edits()));
  if (!patches) return false;
  usdparquet::WriteOptions options;
  options.unicode_test = IsIdentifier;
  return usdparquet::PatchFile(data.source().table(), *patches, file, options);
}

/// Why a layer can't be saved to its own file: what it was not shown, it would lose.
std::string ReasonNotToSave(const UsdParquetSource& source, const UsdParquetArguments& arguments) {
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
  if (!source.left_out_fields().empty()) {
    return "its column '" + source.left_out_fields().front() + "' would be lost";
  }
  const usdparquet::PathIndexReport& report = table.path_report();
  if (!report.invalid_rows.empty()) {
    return "row " + std::to_string(report.invalid_rows.front()) +
           " has no prim path and would be lost";
  }
  if (!report.duplicates.empty()) {
    return "row " + std::to_string(report.duplicates.front().first) + ", whose path row " +
           std::to_string(report.duplicates.front().second) + " repeats, would be lost";
  }
  return {};
}

}  // namespace

UsdParquetFileFormat::UsdParquetFileFormat()
    : SdfFileFormat(_tokens->id, _tokens->version, _tokens->target, _tokens->id.GetString()) {}

UsdParquetFileFormat::~UsdParquetFileFormat() = default;

bool UsdParquetFileFormat::CanRead(const std::string& file) const {
  auto opened = UsdParquetOpenAsset(file);
  char magic[4] = {};
  return opened.ok() && (*opened)->ReadAt(0, sizeof(magic), magic).ok() &&
         std::string_view(magic, sizeof(magic)) == "PAR1";
}

bool UsdParquetFileFormat::Read(SdfLayer* layer, const std::string& resolved_path,
                                bool /*metadata_only*/) const {
  const auto arguments = UsdParquetParseArguments(layer->GetFileFormatArguments());
  if (!arguments.ok()) {
    TF_RUNTIME_ERROR("%s: %s", resolved_path.c_str(), arguments.status().message().c_str());
    return false;
  }
  for (const std::string& name : arguments->unknown) {
    TF_WARN("%s: unknown format argument '%s' is ignored; known are %s", resolved_path.c_str(),
            name.c_str(), kUsdParquetArgumentNames);
  }
  if (arguments->cache_bytes) {
    usdparquet::PageCache::Instance().SetBudget(*arguments->cache_bytes);
  }
  auto source = UsdParquetOpenLayerFile(resolved_path, *arguments);
  if (!source.ok()) {
    TF_RUNTIME_ERROR("%s", source.status().message().c_str());
    return false;
  }
  SdfAbstractDataRefPtr data = UsdParquetLayerData::New(std::move(*source));
  _SetLayerData(layer, data);
  return true;
}

bool UsdParquetFileFormat::_ReadDetached(SdfLayer* layer, const std::string& resolved_path,
                                         bool metadata_only) const {
  return _ReadAndCopyLayerDataToMemory(layer, resolved_path, metadata_only);
}

bool UsdParquetFileFormat::WriteToFile(const SdfLayer& layer, const std::string& file,
                                       const std::string& /*comment*/,
                                       const FileFormatArguments&) const {
  return Write(layer, file, /*is_own_file=*/false);
}

bool UsdParquetFileFormat::Write(const SdfLayer& layer, const std::string& file, bool is_own_file) {
  const auto write_crate = [](const SdfAbstractDataRefPtr& data, const std::string& crate) {
    const SdfLayerRefPtr residual = SdfLayer::CreateAnonymous(".usdc");
    SdfAbstractDataRefPtr filled = data;
    _SetLayerData(get_pointer(residual), filled);
    return residual->Export(crate);
  };
  // As OpenUSD's own formats do.
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) {
    TF_RUNTIME_ERROR("%s: can't make its folder: %s", file.c_str(), error.message().c_str());
    return false;
  }
  usdparquet::WriteOptions options;
  options.unicode_test = IsIdentifier;
  UsdParquetColumnNames names;
  const SdfAbstractDataConstPtr data = _GetLayerData(layer);
  std::function<arrow::Status()> is_complete;
  if (const auto* parquet = dynamic_cast<const UsdParquetLayerData*>(get_pointer(data))) {
    // Whoever reads the file, or gives its columns as format arguments, finds them again.
    names.path = parquet->source().table().path_column();
    if (!parquet->source().table().time_column().empty()) {
      names.time = parquet->source().table().time_column();
    }
    is_complete = [&file, is_own_file, table = &parquet->source().table()] {
      return table->has_damage() || (is_own_file && table->has_unpresentable_cells())
                 ? arrow::Status::Invalid(file, ": not written, because values of ", table->name(),
                                          " could not be read and would be lost")
                 : arrow::Status::OK();
    };
  }
  const auto written = UsdParquetWriteLayer(*data, file, names, options, write_crate, is_complete);
  if (!written.ok()) TF_RUNTIME_ERROR("%s", written.status().message().c_str());
  return written.ok();
}

bool UsdParquetFileFormat::SaveToFile(const SdfLayer& layer, const std::string& file,
                                      const std::string& /*comment*/,
                                      const FileFormatArguments&) const {
  const SdfAbstractDataConstPtr held = _GetLayerData(layer);
  // The layer's data changes its shape, not its content: saving can't be const all the way down.
  auto* data =
      const_cast<UsdParquetLayerData*>(dynamic_cast<const UsdParquetLayerData*>(get_pointer(held)));
  const auto parsed = UsdParquetParseArguments(layer.GetFileFormatArguments());
  if (!data || !parsed.ok()) return Write(layer, file, /*is_own_file=*/true);

  const auto patched = PatchCells(*data, file);
  if (!patched.ok()) {
    TF_RUNTIME_ERROR("%s", patched.status().message().c_str());
    return false;
  }
  if (!*patched) {
    const std::string reason = ReasonNotToSave(data->source(), *parsed);
    if (!reason.empty()) {
      TF_RUNTIME_ERROR("%s: the layer can't be saved to its own file: %s; export it to another",
                       file.c_str(), reason.c_str());
      return false;
    }
    if (!Write(layer, file, /*is_own_file=*/true)) return false;
  }
  auto source = UsdParquetOpenLayerFile(file, *parsed);
  if (!source.ok()) {
    TF_RUNTIME_ERROR("%s", source.status().message().c_str());
    return false;
  }
  data->Rebase(std::move(*source));
  return true;
}

bool UsdParquetFileFormat::ReadFromString(SdfLayer* layer, const std::string& text) const {
  return TextFormat()->ReadFromString(layer, text);
}

bool UsdParquetFileFormat::WriteToString(const SdfLayer& layer, std::string* text,
                                         const std::string& comment) const {
  return TextFormat()->WriteToString(layer, text, comment);
}

bool UsdParquetFileFormat::WriteToStream(const SdfSpecHandle& spec, std::ostream& out,
                                         size_t indent) const {
  return TextFormat()->WriteToStream(spec, out, indent);
}

PXR_NAMESPACE_CLOSE_SCOPE
