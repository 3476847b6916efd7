#pragma once

/// \file
/// The residual of a Parquet file as an asset of its own: `scene.parquet[residual.usdc]`.

#include <pxr/pxr.h>
#include <pxr/usd/ar/asset.h>
#include <pxr/usd/ar/packageResolver.h>

#include <memory>
#include <string>

#include "core/sections/residual_blob.h"

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

/// While it lives, its thread finds the residual of `package_path` in `asset`, at `blob`, even if a
/// writer has put another file in the place of that name.
class UsdParquetOpenedPackage {
 public:
  UsdParquetOpenedPackage(std::string package_path, std::shared_ptr<ArAsset> asset,
                          const usdparquet::ResidualBlob& blob);
  ~UsdParquetOpenedPackage();
  UsdParquetOpenedPackage(const UsdParquetOpenedPackage&) = delete;
  UsdParquetOpenedPackage& operator=(const UsdParquetOpenedPackage&) = delete;

  /// The residual that an object of this thread has for `package_path`, or null if none has.
  static std::shared_ptr<ArAsset> Find(const std::string& package_path);

 private:
  const std::string package_path_;
  const std::shared_ptr<ArAsset> asset_;
  const usdparquet::ResidualBlob blob_;
  UsdParquetOpenedPackage* const outer_;
};

PXR_NAMESPACE_CLOSE_SCOPE
