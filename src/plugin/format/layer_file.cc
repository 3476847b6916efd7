#include "plugin/format/layer_file.h"

#include <pxr/base/tf/diagnostic.h>
#include <pxr/base/tf/pathUtils.h>
#include <pxr/usd/ar/packageUtils.h>
#include <pxr/usd/ar/resolvedPath.h>
#include <pxr/usd/ar/resolver.h>

#include "core/dataset/dataset.h"
#include "core/dataset/folder_files.h"
#include "core/sections/residual_blob.h"
#include "core/table/table.h"
#include "core/util/file_name.h"
#include "plugin/format/asset_file.h"
#include "plugin/format/residual_crate.h"
#include "plugin/values/identifier.h"
#include "plugin/values/packed_specs.h"
#include "plugin/values/text_tests.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

arrow::Result<SdfAbstractDataRefPtr> OpenResidual(const std::string& resolved_path,
                                                  const std::shared_ptr<ArAsset>& asset,
                                                  const usdparquet::Table& table,
                                                  SdfLayer* scratch) {
  ARROW_ASSIGN_OR_RAISE(
      const auto blob,
      usdparquet::WithFileName(usdparquet::FindResidual(table.file(), table.metadata()),
                               resolved_path));
  if (!blob) return SdfAbstractDataRefPtr();
  auto data = blob->is_packed ? UsdParquetUnpackSpecs(std::string_view(*blob->bytes))
                              : UsdParquetReadCrate(resolved_path, asset, *blob, scratch);
  if (!data) {
    return arrow::Status::IOError(resolved_path, ": the residual of the layer can't be read");
  }
  return data;
}

/// The table in the file at `resolved_path`, and its asset; of a folder that in the files of the
/// dataset, and no asset.
arrow::Result<std::shared_ptr<usdparquet::Table>> OpenTable(const std::string& resolved_path,
                                                            usdparquet::TableOptions options,
                                                            std::shared_ptr<ArAsset>* asset) {
  if (!usdparquet::IsFolder(resolved_path)) {
    ARROW_ASSIGN_OR_RAISE(auto file, UsdParquetOpenAsset(resolved_path, asset));
    return usdparquet::Table::Open(std::move(file), resolved_path, std::move(options));
  }
  ARROW_ASSIGN_OR_RAISE(auto opened, usdparquet::WithFileName(
                                         usdparquet::OpenDataset(
                                             resolved_path, usdparquet::DamagedParts::kAreLeftOut),
                                         resolved_path));
  for (const std::string& warning : opened.warnings) {
    TF_WARN("%s: %s", resolved_path.c_str(), warning.c_str());
  }
  return usdparquet::Table::Open(std::move(opened.file), resolved_path, std::move(options));
}

/// What the arguments say of a table, but for ids.
usdparquet::TableOptions OptionsOf(const UsdParquetArguments& arguments) {
  usdparquet::TableOptions options;
  options.path_column = arguments.path_column;
  options.columns = arguments.columns;
  options.time_column = arguments.time_column;
  options.declares_nulls = arguments.declares_nulls;
  options.time_start = arguments.time_start;
  options.time_codes_per_second = arguments.time_codes_per_second;
  options.unicode_test = UsdParquetIsIdentifier;
  options.target_test = UsdParquetProblemOfTarget;
  options.expression_test = UsdParquetProblemOfExpression;
  return options;
}

/// The file of ids that the arguments name.
arrow::Result<usdparquet::TableOptions::Ids> OpenIds(const std::string& resolved_path,
                                                     const UsdParquetArguments& arguments) {
  usdparquet::TableOptions::Ids ids;
  ids.key = arguments.key;
  ids.file_name = UsdParquetResolveIds(resolved_path, arguments.ids);
  if (ids.file_name.empty()) {
    return arrow::Status::IOError(resolved_path, ": the file '", arguments.ids,
                                  "', which the format argument 'ids' names, is not found");
  }
  ARROW_ASSIGN_OR_RAISE(ids.file, UsdParquetOpenAsset(ids.file_name));
  return ids;
}

/// Finds a property of the name that colours have. Those in variants are weaker.
class ColorFinder final : public SdfAbstractDataSpecVisitor {
 public:
  bool VisitSpec(const SdfAbstractData&, const SdfPath& path) override {
    if (path.IsPrimPropertyPath() && path.GetNameToken() == name_ &&
        !path.ContainsPrimVariantSelection()) {
      found_ = path;
    }
    return found_.IsEmpty();
  }
  void Done(const SdfAbstractData&) override {}
  const SdfPath& found() const { return found_; }

 private:
  const TfToken name_{usdparquet::kColorProperty};
  SdfPath found_;
};

/// Whether the residual has colours of its own, which those of a column would cover only where the
/// column has values.
arrow::Status CheckHasNoColors(const std::string& resolved_path,
                               const usdparquet::ColorRequest& request,
                               const SdfAbstractData& residual) {
  ColorFinder finder;
  residual.VisitSpecs(&finder);
  if (finder.found().IsEmpty()) return arrow::Status::OK();
  return arrow::Status::Invalid(resolved_path, ": column '", request.column,
                                "' can't be shown as colours: the file has ",
                                finder.found().GetString(),
                                "; leave it out by naming columns with the format argument "
                                "'columns'");
}

}  // namespace

std::string UsdParquetResolveIds(const std::string& resolved_path, const std::string& ids) {
  ArResolver& resolver = ArGetResolver();
  if (ArIsPackageRelativePath(resolved_path) && TfIsRelativePath(ids)) {
    const auto [package, layer] = ArSplitPackageRelativePathInner(resolved_path);
    const std::string inside = TfNormPath(TfGetPathName(layer) + ids);
    return resolver.Resolve(ArJoinPackageRelativePath(package, inside)).GetPathString();
  }
  return resolver.Resolve(resolver.CreateIdentifier(ids, ArResolvedPath(resolved_path)))
      .GetPathString();
}

arrow::Result<std::shared_ptr<const UsdParquetSource>> UsdParquetOpenLayerFile(
    const std::string& resolved_path, const UsdParquetArguments& arguments, SdfLayer* scratch) {
  std::shared_ptr<ArAsset> asset;
  usdparquet::TableOptions options = OptionsOf(arguments);
  if (!arguments.key.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.ids, OpenIds(resolved_path, arguments));
  }
  options.report = [](bool is_error, const std::string& message) {
    if (is_error) {
      TF_RUNTIME_ERROR("%s", message.c_str());
    } else {
      TF_WARN("%s", message.c_str());
    }
  };
  ARROW_ASSIGN_OR_RAISE(auto table, OpenTable(resolved_path, std::move(options), &asset));
  for (const std::string& warning : table->warnings()) TF_WARN("%s", warning.c_str());

  std::shared_ptr<const usdparquet::ColorScale> colors;
  if (!arguments.colors.column.empty()) {
    ARROW_ASSIGN_OR_RAISE(
        colors, usdparquet::WithFileName(usdparquet::ColorScale::Make(*table, arguments.colors),
                                         resolved_path));
  }

  SdfAbstractDataRefPtr residual;
  // Below a prefix, or where rows are put at other prims, the residual's paths would be wrong, and
  // with some columns only, half a layer.
  if (asset && arguments.prefix.IsAbsoluteRootPath() && !arguments.columns &&
      arguments.key.empty()) {
    ARROW_ASSIGN_OR_RAISE(residual, OpenResidual(resolved_path, asset, *table, scratch));
    if (residual && colors) {
      ARROW_RETURN_NOT_OK(CheckHasNoColors(resolved_path, arguments.colors, *residual));
    }
  }
  return std::make_shared<const UsdParquetSource>(std::move(table), arguments, std::move(colors),
                                                  std::move(residual));
}

arrow::Result<std::shared_ptr<const UsdParquetSource>> UsdParquetSourceOf(
    usdparquet::TableFile file, const std::string& name, const UsdParquetArguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(auto table,
                        usdparquet::Table::Open(std::move(file), name, OptionsOf(arguments)));
  return std::make_shared<const UsdParquetSource>(std::move(table), arguments, nullptr, nullptr);
}

PXR_NAMESPACE_CLOSE_SCOPE
