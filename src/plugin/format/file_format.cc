#include "plugin/format/file_format.h"

#include <pxr/base/tf/diagnostic.h>
#include <pxr/base/tf/registryManager.h>
#include <pxr/base/tf/staticTokens.h>
#include <pxr/usd/sdf/layer.h>

#include <exception>

#include "core/dataset/folder_files.h"
#include "core/pages/page_cache.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"
#include "plugin/edit/layer_data.h"
#include "plugin/edit/new_data.h"
#include "plugin/format/asset_file.h"
#include "plugin/format/layer_file.h"
#include "plugin/format/layer_saver.h"
#include "plugin/read/format_arguments.h"
#include "plugin/read/guarded.h"

PXR_NAMESPACE_OPEN_SCOPE

TF_DEFINE_PRIVATE_TOKENS(_tokens,
                         ((id, "parquet"))((version, "1.0"))((target, "usd"))((usda, "usda")));

TF_REGISTRY_FUNCTION(TfType) { SDF_DEFINE_FILE_FORMAT(UsdParquetFileFormat, SdfFileFormat); }

namespace {

SdfFileFormatConstPtr TextFormat() { return SdfFileFormat::FindById(_tokens->usda); }

/// Whether all went well; an error is raised as OpenUSD's.
bool IsOk(const arrow::Status& status) {
  if (!status.ok()) TF_RUNTIME_ERROR("%s", status.message().c_str());
  return status.ok();
}

/// Returns `f()`; where it throws, false, after an error that names the file.
template <typename F>
bool Attempt(const std::string& file, const F& f) {
  try {
    return f();
  } catch (const std::exception&) {
    return IsOk(usdparquet::WithFileName(usdparquet::StatusOfException(), file));
  }
}

/// The data of the file that `layer` is to have; null after an error. `scratch` is for
/// UsdParquetOpenLayerFile.
SdfAbstractDataRefPtr OpenData(const SdfLayer& layer, const std::string& resolved_path,
                               SdfLayer* scratch) {
  if (resolved_path.empty()) {  // OpenUSD then does not say which file was meant
    TF_RUNTIME_ERROR("A Parquet file can't be opened: OpenUSD finds no file of the name");
    return TfNullPtr;
  }
  const auto arguments = UsdParquetParseArguments(layer.GetFileFormatArguments());
  if (!arguments.ok()) {
    TF_RUNTIME_ERROR("%s: %s", resolved_path.c_str(), arguments.status().message().c_str());
    return TfNullPtr;
  }
  for (const std::string& name : arguments->unknown) {
    TF_WARN("%s: unknown format argument '%s' is ignored; known are %s", resolved_path.c_str(),
            name.c_str(), kUsdParquetArgumentNames);
  }
  if (arguments->cache_bytes) {
    usdparquet::PageCache::Instance().SetBudget(*arguments->cache_bytes);
  }
  auto source = UsdParquetOpenLayerFile(resolved_path, *arguments, scratch);
  if (!IsOk(source.status())) return TfNullPtr;
  return UsdParquetLayerData::New(std::move(*source));
}

/// Adds the folders of a dataset, whose times tell that a file came or went. With a manifest, that
/// of the dataset's own folder tells that it was written again.
void AddFolders(const std::string& path, std::set<std::string>* files) {
  if (!usdparquet::IsFolder(path) || usdparquet::HasManifest(path)) return;
  const auto folders = usdparquet::FoldersIn(path);
  if (folders.ok()) files->insert(folders->begin(), folders->end());
}

}  // namespace

UsdParquetFileFormat::UsdParquetFileFormat()
    : SdfFileFormat(_tokens->id, _tokens->version, _tokens->target, _tokens->id.GetString()) {}

UsdParquetFileFormat::~UsdParquetFileFormat() = default;

SdfAbstractDataRefPtr UsdParquetFileFormat::InitData(const FileFormatArguments&) const {
  return UsdParquetNewData::New();
}

bool UsdParquetFileFormat::CanRead(const std::string& file) const {
  return UsdParquetGuarded(false, [&] {
    if (usdparquet::IsFolder(file)) return true;  // reading it tells what is wrong
    auto opened = UsdParquetOpenAsset(file);
    char magic[4] = {};
    return opened.ok() && (*opened)->ReadAt(0, sizeof(magic), magic).ok() &&
           std::string_view(magic, sizeof(magic)) == "PAR1";
  });
}

bool UsdParquetFileFormat::Read(SdfLayer* layer, const std::string& resolved_path,
                                bool /*metadata_only*/) const {
  return Attempt(resolved_path, [&] {
    SdfAbstractDataRefPtr data = OpenData(*layer, resolved_path, layer);
    if (data) _SetLayerData(layer, data);
    return static_cast<bool>(data);
  });
}

bool UsdParquetFileFormat::_ReadDetached(SdfLayer* layer, const std::string& resolved_path,
                                         bool /*metadata_only*/) const {
  return Attempt(resolved_path, [&] {
    // Unlike _ReadAndCopyLayerDataToMemory, and without the layer as a scratch: its data is set
    // once, so that a reload tells of what changed, not that all was replaced.
    const SdfAbstractDataRefPtr data = OpenData(*layer, resolved_path, nullptr);
    if (!data) return false;
    SdfAbstractDataRefPtr copy = InitDetachedData(layer->GetFileFormatArguments());
    copy->CopyFrom(data);
    _SetLayerData(layer, copy);
    return true;
  });
}

bool UsdParquetFileFormat::WriteToFile(const SdfLayer& layer, const std::string& file,
                                       const std::string& /*comment*/,
                                       const FileFormatArguments& arguments) const {
  return Attempt(file, [&] { return IsOk(UsdParquetExportLayer(layer, file, arguments)); });
}

bool UsdParquetFileFormat::SaveToFile(const SdfLayer& layer, const std::string& file,
                                      const std::string& /*comment*/,
                                      const FileFormatArguments&) const {
  return Attempt(file, [&] { return IsOk(UsdParquetSaveLayer(layer, file)); });
}

std::set<std::string> UsdParquetFileFormat::GetExternalAssetDependencies(
    const SdfLayer& layer) const {
  return UsdParquetGuarded(std::set<std::string>(), [&] {
    std::set<std::string> files;
    AddFolders(layer.GetRealPath(), &files);
    const auto arguments = UsdParquetParseArguments(layer.GetFileFormatArguments());
    if (!arguments.ok() || arguments->ids.empty()) return files;  // reading it tells what is wrong
    const std::string ids = UsdParquetResolveIds(layer.GetRealPath(), arguments->ids);
    if (!ids.empty()) files.insert(ids);
    return files;
  });
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
