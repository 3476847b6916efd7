#include "plugin/format/residual_crate.h"

#include <pxr/usd/ar/defineResolver.h>
#include <pxr/usd/ar/resolvedPath.h>
#include <pxr/usd/ar/resolver.h>
#include <pxr/usd/ar/writableAsset.h>
#include <pxr/usd/sdf/changeBlock.h>
#include <pxr/usd/sdf/fileFormat.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "core/util/open_file.h"
#include "core/util/system_calls.h"
#include "plugin/format/layer_access.h"
#include "plugin/format/range_asset.h"
#include "plugin/values/nul_text.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

/// What plugInfo.json names.
constexpr char kScheme[] = "usdparquet-residual";

/// What this thread reads under the scheme.
std::shared_ptr<ArAsset>& CurrentAsset() {
  static thread_local std::shared_ptr<ArAsset> asset;
  return asset;
}

}  // namespace

/// Opens under its scheme what its thread has at hand, and nothing else: OpenUSD's crate reader
/// takes a path, not an asset.
class UsdParquetResidualResolver final : public ArResolver {
 protected:
  std::string _CreateIdentifier(const std::string& path, const ArResolvedPath&) const override {
    return path;
  }
  std::string _CreateIdentifierForNewAsset(const std::string& path,
                                           const ArResolvedPath&) const override {
    return path;
  }
  ArResolvedPath _Resolve(const std::string&) const override { return {}; }
  ArResolvedPath _ResolveForNewAsset(const std::string&) const override { return {}; }
  std::shared_ptr<ArAsset> _OpenAsset(const ArResolvedPath&) const override {
    return CurrentAsset();
  }
  std::shared_ptr<ArWritableAsset> _OpenAssetForWrite(const ArResolvedPath&,
                                                      WriteMode) const override {
    return {};
  }
};

AR_DEFINE_RESOLVER(UsdParquetResidualResolver, ArResolver);

namespace {

/// False if the process made its resolver before this plugin was registered, or was told to use no
/// plugin's schemes (PXR_AR_DISABLE_PLUGIN_URI_RESOLVERS).
bool IsSchemeKnown() {
  const auto& schemes = ArGetRegisteredURISchemes();
  return std::find(schemes.begin(), schemes.end(), kScheme) != schemes.end();
}

/// A path under which OpenUSD's crate reader finds an asset, as long as this lives.
class AssetPath {
 public:
  AssetPath(const std::string& name, std::shared_ptr<ArAsset> asset) {
    if (!IsSchemeKnown()) {
      CopyToMemoryFile(*asset);
      return;
    }
    path_ = std::string(kScheme) + ":" + name;
    // Brackets would make it a path within a package.
    std::replace(path_.begin(), path_.end(), '[', '(');
    std::replace(path_.begin(), path_.end(), ']', ')');
    CurrentAsset() = std::move(asset);
  }
  ~AssetPath() {
    CurrentAsset().reset();
    if (descriptor_ >= 0) usdparquet::CloseFile(descriptor_);
  }
  AssetPath(const AssetPath&) = delete;
  AssetPath& operator=(const AssetPath&) = delete;

  const std::string& path() const { return path_; }

 private:
  void CopyToMemoryFile(const ArAsset& asset) {
    const auto bytes = asset.GetBuffer();
    if (bytes) descriptor_ = usdparquet::MakeMemoryFile({bytes.get(), asset.GetSize()}, &path_);
  }

  std::string path_;  // empty: there is none
  int descriptor_ = -1;
};

/// An anonymous layer that nobody hears of: OpenUSD drops the changes of layers that are gone when
/// the change block ends (Sdf_ChangeManager::_SendNotices).
class ScratchLayer {
 public:
  ScratchLayer() : layer_(SdfLayer::CreateAnonymous(".usdc")) {}

  SdfLayer* get() const { return get_pointer(layer_); }

 private:
  const SdfChangeBlock block_;  // ends after the layer
  const SdfLayerRefPtr layer_;
};

SdfFileFormatConstPtr CrateFormat() {
  static const TfToken id("usdc");
  return SdfFileFormat::FindById(id);
}

SdfAbstractDataRefPtr DataOf(const SdfLayer& layer) {
  return TfConst_cast<SdfAbstractDataPtr>(UsdParquetLayerAccess::Get(layer));
}

arrow::Status CantWrite() {
  return arrow::Status::IOError("what its table does not hold can't be written");
}

}  // namespace

SdfAbstractDataRefPtr UsdParquetReadCrate(const std::string& name,
                                          const std::shared_ptr<ArAsset>& whole,
                                          const usdparquet::ResidualBlob& blob, SdfLayer* scratch) {
  if (!scratch) {
    const ScratchLayer anonymous;
    return UsdParquetReadCrate(name, whole, blob, anonymous.get());
  }
  auto asset = UsdParquetRangeAsset(whole, blob.offset, blob.length);
  if (!asset) return {};
  const AssetPath path(name, std::move(asset));
  const SdfAbstractDataRefPtr own = DataOf(*scratch);
  if (path.path().empty() || !CrateFormat()->Read(scratch, path.path(), false)) return {};
  SdfAbstractDataRefPtr read = DataOf(*scratch);
  UsdParquetLayerAccess::Set(scratch, own);
  return read;
}

arrow::Result<std::string> UsdParquetWriteCrate(const SdfAbstractDataRefPtr& data,
                                                const std::string& temporary) {
  // Its folder can be removed without a look into it then, for which there may be no descriptor.
  const std::unique_ptr<const char, int (*)(const char*)> removed(temporary.c_str(), &std::remove);
  if (const std::string where = UsdParquetFindNulText(*data); !where.empty()) {
    return arrow::Status::Invalid("a text of ", where,
                                  " has a U+0000, which OpenUSD's crate files can't hold: take it "
                                  "out of the text");
  }
  const ScratchLayer anonymous;
  UsdParquetLayerAccess::Set(anonymous.get(), data);
  if (!CrateFormat()->WriteToFile(*anonymous.get(), temporary)) return CantWrite();
  // OpenUSD's writer may call a file written that is not: what is cut does not open.
  const ScratchLayer copy;
  if (!CrateFormat()->Read(copy.get(), temporary, false)) return CantWrite();
  ARROW_ASSIGN_OR_RAISE(const auto written, usdparquet::OpenFile(temporary));
  ARROW_ASSIGN_OR_RAISE(const int64_t size, written->GetSize());
  ARROW_ASSIGN_OR_RAISE(const auto bytes, written->Read(size));
  if (bytes->size() != size) return CantWrite();
  return bytes->ToString();
}

PXR_NAMESPACE_CLOSE_SCOPE
