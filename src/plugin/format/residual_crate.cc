#include "plugin/format/residual_crate.h"

#include <arrow/buffer.h>
#include <pxr/base/tf/stringUtils.h>
#include <pxr/usd/ar/defineResolver.h>
#include <pxr/usd/ar/resolvedPath.h>
#include <pxr/usd/ar/resolver.h>
#include <pxr/usd/ar/writableAsset.h>
#include <pxr/usd/sdf/changeBlock.h>
#include <pxr/usd/sdf/fileFormat.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

#include "core/util/open_file.h"
#include "plugin/format/layer_access.h"
#include "plugin/format/range_asset.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

/// What plugInfo.json names.
constexpr char kScheme[] = "usdparquet-residual";

/// A file in memory. OpenUSD's crate writer does not tell whether a write to a file failed: here it
/// is known.
class WrittenBytes final : public ArWritableAsset {
 public:
  bool Close() override { return !has_failed_; }
  size_t Write(const void* buffer, size_t count, size_t offset) override {
    const std::lock_guard lock(mutex_);  // OpenUSD writes in a thread of its own
    try {
      if (bytes_.size() < offset + count) bytes_.resize(offset + count);
    } catch (const std::bad_alloc&) {
      has_failed_ = true;
      return 0;
    }
    std::memcpy(bytes_.data() + offset, buffer, count);
    return count;
  }

  /// What was written, as long as this lives.
  std::shared_ptr<ArAsset> Reopen() const {
    return UsdParquetBytesAsset(std::make_shared<arrow::Buffer>(bytes_));
  }
  /// Nothing if not all could be written.
  std::optional<std::string> Take() {
    return has_failed_ ? std::nullopt : std::optional(std::move(bytes_));
  }

 private:
  std::mutex mutex_;
  std::string bytes_;
  std::atomic<bool> has_failed_{false};
};

/// What this thread reads or writes under the scheme.
struct ThreadsFile {
  std::shared_ptr<ArAsset> read;
  std::shared_ptr<WrittenBytes> written;
};
ThreadsFile& CurrentFile() {
  static thread_local ThreadsFile file;
  return file;
}

}  // namespace

/// Opens under its scheme what its thread has at hand, and nothing else. OpenUSD's crate reader and
/// writer take a path, not an asset.
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
    const ThreadsFile& file = CurrentFile();
    return file.written ? file.written->Reopen() : file.read;
  }
  std::shared_ptr<ArWritableAsset> _OpenAssetForWrite(const ArResolvedPath&,
                                                      WriteMode) const override {
    return CurrentFile().written;
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
    CurrentFile().read = std::move(asset);
  }
  ~AssetPath() {
    CurrentFile().read.reset();
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  AssetPath(const AssetPath&) = delete;
  AssetPath& operator=(const AssetPath&) = delete;

  const std::string& path() const { return path_; }

 private:
  void CopyToMemoryFile(const ArAsset& asset) {
    const auto bytes = asset.GetBuffer();
    descriptor_ = ::memfd_create("usdparquet", MFD_CLOEXEC);
    if (!bytes || descriptor_ < 0) return;
    for (size_t done = 0; done < asset.GetSize();) {
      const ssize_t written = ::write(descriptor_, bytes.get() + done, asset.GetSize() - done);
      if (written <= 0) return;
      done += static_cast<size_t>(written);
    }
    path_ = "/proc/self/fd/" + std::to_string(descriptor_);
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

/// Whether a copy has all specs and fields of what it visits.
class Comparison final : public SdfAbstractDataSpecVisitor {
 public:
  explicit Comparison(const SdfAbstractData& copy) : copy_(copy) {}

  bool VisitSpec(const SdfAbstractData& data, const SdfPath& path) override {
    is_same_ = data.GetSpecType(path) == copy_.GetSpecType(path);
    for (const TfToken& field : data.List(path)) {
      const VtValue value = data.Get(path, field), found = copy_.Get(path, field);
      // NaN equals nothing, but its text is the same.
      is_same_ = is_same_ && (value == found || TfStringify(value) == TfStringify(found));
    }
    return is_same_;
  }
  void Done(const SdfAbstractData&) override {}

  bool is_same() const { return is_same_; }

 private:
  const SdfAbstractData& copy_;
  bool is_same_ = true;
};

/// Has OpenUSD write a file, and reads it again: its writer may call a file written that is not.
arrow::Result<std::string> WriteTemporary(const SdfAbstractDataRefPtr& data, SdfLayer* scratch,
                                          const std::string& file) {
  if (!CrateFormat()->WriteToFile(*scratch, file)) return CantWrite();
  const ScratchLayer copy;
  if (!CrateFormat()->Read(copy.get(), file, false)) return CantWrite();
  Comparison comparison(*DataOf(*copy.get()));
  data->VisitSpecs(&comparison);
  if (!comparison.is_same()) return CantWrite();
  ARROW_ASSIGN_OR_RAISE(const auto written, usdparquet::OpenFile(file));
  ARROW_ASSIGN_OR_RAISE(const int64_t size, written->GetSize());
  ARROW_ASSIGN_OR_RAISE(const auto bytes, written->Read(size));
  if (bytes->size() != size) return CantWrite();
  return bytes->ToString();
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
  const ScratchLayer anonymous;
  UsdParquetLayerAccess::Set(anonymous.get(), data);
  if (!IsSchemeKnown()) return WriteTemporary(data, anonymous.get(), temporary);
  auto bytes = std::make_shared<WrittenBytes>();
  CurrentFile().written = bytes;
  const bool is_written =
      CrateFormat()->WriteToFile(*anonymous.get(), std::string(kScheme) + ":written.usdc");
  CurrentFile().written.reset();
  auto taken = is_written ? bytes->Take() : std::nullopt;
  if (!taken) return CantWrite();
  return std::move(*taken);
}

PXR_NAMESPACE_CLOSE_SCOPE
