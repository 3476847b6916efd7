#pragma once

/// \file
/// The residual of a Parquet file as an asset of its own: `scene.parquet[residual.usdc]`.

#include <pxr/pxr.h>
#include <pxr/usd/ar/packageResolver.h>

#include <memory>
#include <string>

PXR_NAMESPACE_OPEN_SCOPE

/// Lets the asset resolver open the crate file that lies inside a Parquet file, so that OpenUSD's
/// own reader reads it where it is. Thread-safe.
class UsdParquetPackageResolver : public ArPackageResolver {
 public:
  /// The name of the one asset that such a package can have.
  static constexpr char kResidualName[] = "residual.usdc";

  std::string Resolve(const std::string& package_path, const std::string& packaged_path) override;
  std::shared_ptr<ArAsset> OpenAsset(const std::string& package_path,
                                     const std::string& packaged_path) override;
  void BeginCacheScope(VtValue*) override {}
  void EndCacheScope(VtValue*) override {}
};

PXR_NAMESPACE_CLOSE_SCOPE
