#include "plugin/format/layer_file.h"

#include <pxr/base/tf/diagnostic.h>
#include <pxr/usd/ar/packageUtils.h>
#include <pxr/usd/sdf/fileFormat.h>

#include <algorithm>

#include "core/sections/residual_blob.h"
#include "core/table/table.h"
#include "core/util/file_name.h"
#include "plugin/format/asset_file.h"
#include "plugin/format/layer_access.h"
#include "plugin/format/residual_asset.h"
#include "plugin/values/identifier.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

/// Reads the residual of a file that is in a package itself, such as a .usdz.
///
/// ArResolver finds nothing in a package within a package of another format: it asks the outer
/// one's package resolver for what is in the inner one, and takes `parquet]` for the extension
/// (ar/resolver.cpp, _ResolveHelper and _GetPackageResolver). So the file gets another name for the
/// time of reading, and the format reads that as it is instead of having it resolved.
SdfLayerRefPtr ReadNestedResidual(const std::string& resolved_path,
                                  const std::shared_ptr<ArAsset>& asset,
                                  const usdparquet::ResidualBlob& blob) {
  std::string name = resolved_path + ".parquet";
  std::replace(name.begin(), name.end(), '[', '(');
  std::replace(name.begin(), name.end(), ']', ')');
  const UsdParquetOpenedPackage opened(name, asset, blob);
  const auto format = SdfFileFormat::FindById(TfToken("usdc"));
  auto layer = SdfLayer::CreateAnonymous(UsdParquetPackageResolver::kResidualName, format);
  const auto path = ArJoinPackageRelativePath(name, UsdParquetPackageResolver::kResidualName);
  return format && layer && format->Read(get_pointer(layer), path, false) ? layer : nullptr;
}

SdfLayerRefPtr ReadResidual(const std::string& resolved_path, const std::shared_ptr<ArAsset>& asset,
                            const usdparquet::ResidualBlob& blob) {
  if (ArIsPackageRelativePath(resolved_path)) {
    return ReadNestedResidual(resolved_path, asset, blob);
  }
  const UsdParquetOpenedPackage opened(resolved_path, asset, blob);
  return SdfLayer::OpenAsAnonymous(
      ArJoinPackageRelativePath(resolved_path, UsdParquetPackageResolver::kResidualName));
}

arrow::Result<SdfLayerRefPtr> OpenResidual(const std::string& resolved_path,
                                           const std::shared_ptr<ArAsset>& asset,
                                           const usdparquet::Table& table) {
  ARROW_ASSIGN_OR_RAISE(
      const auto blob,
      usdparquet::WithFileName(usdparquet::FindResidual(table.file(), table.metadata()),
                               resolved_path));
  if (!blob) return SdfLayerRefPtr();
  auto layer = ReadResidual(resolved_path, asset, *blob);
  if (!layer) {
    return arrow::Status::IOError(resolved_path, ": the residual of the layer can't be read");
  }
  return layer;
}

}  // namespace

arrow::Result<std::shared_ptr<const UsdParquetSource>> UsdParquetOpenLayerFile(
    const std::string& resolved_path, const UsdParquetArguments& arguments) {
  std::shared_ptr<ArAsset> asset;
  ARROW_ASSIGN_OR_RAISE(auto file, UsdParquetOpenAsset(resolved_path, &asset));
  usdparquet::TableOptions options;
  options.path_column = arguments.path_column;
  options.columns = arguments.columns;
  options.time_column = arguments.time_column;
  options.time_start = arguments.time_start;
  options.time_codes_per_second = arguments.time_codes_per_second;
  options.unicode_test = UsdParquetIsIdentifier;
  options.report = [](bool is_error, const std::string& message) {
    if (is_error) {
      TF_RUNTIME_ERROR("%s", message.c_str());
    } else {
      TF_WARN("%s", message.c_str());
    }
  };
  ARROW_ASSIGN_OR_RAISE(
      auto table, usdparquet::Table::Open(std::move(file), resolved_path, std::move(options)));
  for (const std::string& warning : table->warnings()) TF_WARN("%s", warning.c_str());

  SdfLayerRefPtr residual;
  // Below a prefix the residual's paths would be wrong, and with some columns only, half a layer.
  if (arguments.prefix.IsAbsoluteRootPath() && !arguments.columns) {
    ARROW_ASSIGN_OR_RAISE(residual, OpenResidual(resolved_path, asset, *table));
  }
  SdfAbstractDataConstPtr data;
  if (residual) data = UsdParquetLayerAccess::Get(*residual);
  return std::make_shared<const UsdParquetSource>(std::move(table), arguments, std::move(residual),
                                                  std::move(data));
}

PXR_NAMESPACE_CLOSE_SCOPE
