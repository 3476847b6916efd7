#include "plugin/file_format.h"

#include <pxr/base/tf/diagnostic.h>
#include <pxr/base/tf/registryManager.h>
#include <pxr/base/tf/staticTokens.h>
#include <pxr/usd/sdf/layer.h>
#include <pxr/usd/sdf/path.h>

#include "core/page_cache.h"
#include "core/table.h"
#include "plugin/asset_file.h"
#include "plugin/format_arguments.h"
#include "plugin/layer_data.h"

PXR_NAMESPACE_OPEN_SCOPE

TF_DEFINE_PRIVATE_TOKENS(_tokens,
                         ((id, "parquet"))((version, "1.0"))((target, "usd"))((usda, "usda")));

TF_REGISTRY_FUNCTION(TfType) { SDF_DEFINE_FILE_FORMAT(UsdParquetFileFormat, SdfFileFormat); }

namespace {

SdfFileFormatConstPtr TextFormat() { return SdfFileFormat::FindById(_tokens->usda); }

/// Opens the table of an asset as the arguments say.
arrow::Result<std::shared_ptr<usdparquet::Table>> OpenTable(const std::string& resolved_path,
                                                            const UsdParquetArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(auto file, UsdParquetOpenAsset(resolved_path));
  usdparquet::TableOptions options;
  options.path_column = arguments.path_column;
  options.columns = arguments.columns;
  options.unicode_test = [](std::string_view name) {
    return SdfPath::IsValidIdentifier(std::string(name));
  };
  options.report = [](bool is_error, const std::string& message) {
    if (is_error) {
      TF_RUNTIME_ERROR("%s", message.c_str());
    } else {
      TF_WARN("%s", message.c_str());
    }
  };
  return usdparquet::Table::Open(std::move(file), resolved_path, std::move(options));
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
    TF_WARN(
        "%s: unknown format argument '%s' is ignored; known are path, columns, prefix, cache_mb",
        resolved_path.c_str(), name.c_str());
  }
  if (arguments->cache_bytes) {
    usdparquet::PageCache::Instance().SetBudget(*arguments->cache_bytes);
  }
  auto table = OpenTable(resolved_path, *arguments);
  if (!table.ok()) {
    TF_RUNTIME_ERROR("%s", table.status().message().c_str());
    return false;
  }
  for (const std::string& warning : (*table)->warnings()) TF_WARN("%s", warning.c_str());

  SdfAbstractDataRefPtr data = UsdParquetLayerData::New(std::move(*table), arguments->prefix);
  _SetLayerData(layer, data);
  // So that applications see beforehand what the data would refuse.
  layer->SetPermissionToEdit(false);
  layer->SetPermissionToSave(false);
  return true;
}

bool UsdParquetFileFormat::_ReadDetached(SdfLayer* layer, const std::string& resolved_path,
                                         bool metadata_only) const {
  return _ReadAndCopyLayerDataToMemory(layer, resolved_path, metadata_only);
}

bool UsdParquetFileFormat::WriteToFile(const SdfLayer&, const std::string& file, const std::string&,
                                       const FileFormatArguments&) const {
  TF_RUNTIME_ERROR("%s: Parquet layers can't be written; export to .usda or .usdc", file.c_str());
  return false;
}

bool UsdParquetFileFormat::ReadFromString(SdfLayer* layer, const std::string&) const {
  TF_RUNTIME_ERROR("%s: Parquet layers are read-only and can't be imported into",
                   layer->GetIdentifier().c_str());
  return false;
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
