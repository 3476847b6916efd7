#include "plugin/format/residual_asset.h"

#include <arrow/buffer.h>
#include <parquet/file_reader.h>
#include <pxr/usd/ar/asset.h>
#include <pxr/usd/ar/definePackageResolver.h>

#include <algorithm>
#include <cstring>

#include "core/sections/residual_blob.h"
#include "core/util/open_file.h"
#include "plugin/format/asset_file.h"

PXR_NAMESPACE_OPEN_SCOPE

AR_DEFINE_PACKAGE_RESOLVER(UsdParquetPackageResolver, ArPackageResolver);

namespace {

/// A range of another asset.
class RangeAsset final : public ArAsset {
 public:
  RangeAsset(std::shared_ptr<ArAsset> whole, size_t offset, size_t size)
      : whole_(std::move(whole)), offset_(offset), size_(size) {}

  size_t GetSize() const override { return size_; }
  std::shared_ptr<const char> GetBuffer() const override {
    auto bytes = whole_->GetBuffer();
    return bytes ? std::shared_ptr<const char>(bytes, bytes.get() + offset_) : nullptr;
  }
  size_t Read(void* buffer, size_t count, size_t offset) const override {
    if (offset >= size_) return 0;
    return whole_->Read(buffer, std::min(count, size_ - offset), offset_ + offset);
  }
  std::pair<FILE*, size_t> GetFileUnsafe() const override {
    auto [file, offset] = whole_->GetFileUnsafe();
    return {file, file ? offset + offset_ : 0};
  }

 private:
  const std::shared_ptr<ArAsset> whole_;
  const size_t offset_;
  const size_t size_;
};

/// Bytes in memory. OpenUSD's reader keeps its place in them, and would not notice a file that is
/// cut below it.
class BytesAsset final : public ArAsset {
 public:
  explicit BytesAsset(std::shared_ptr<arrow::Buffer> bytes) : bytes_(std::move(bytes)) {}

  size_t GetSize() const override { return static_cast<size_t>(bytes_->size()); }
  std::shared_ptr<const char> GetBuffer() const override {
    return {bytes_, reinterpret_cast<const char*>(bytes_->data())};
  }
  size_t Read(void* buffer, size_t count, size_t offset) const override {
    if (offset >= GetSize()) return 0;
    count = std::min(count, GetSize() - offset);
    std::memcpy(buffer, bytes_->data() + offset, count);
    return count;
  }
  std::pair<FILE*, size_t> GetFileUnsafe() const override { return {nullptr, 0}; }

 private:
  const std::shared_ptr<arrow::Buffer> bytes_;
};

std::shared_ptr<ArAsset> AtBlob(std::shared_ptr<ArAsset> whole,
                                const usdparquet::ResidualBlob& blob) {
  if (usdparquet::UsesPread()) {
    auto bytes = UsdParquetReadAsset(whole, blob.offset, blob.length);
    return bytes.ok() ? std::make_shared<BytesAsset>(std::move(*bytes)) : nullptr;
  }
  return std::make_shared<RangeAsset>(std::move(whole), static_cast<size_t>(blob.offset),
                                      static_cast<size_t>(blob.length));
}

UsdParquetOpenedPackage*& Innermost() {
  static thread_local UsdParquetOpenedPackage* innermost = nullptr;
  return innermost;
}

}  // namespace

UsdParquetOpenedPackage::UsdParquetOpenedPackage(std::string package_path,
                                                 std::shared_ptr<ArAsset> asset,
                                                 const usdparquet::ResidualBlob& blob)
    : package_path_(std::move(package_path)),
      asset_(std::move(asset)),
      blob_(blob),
      outer_(Innermost()) {
  Innermost() = this;
}

UsdParquetOpenedPackage::~UsdParquetOpenedPackage() { Innermost() = outer_; }

std::shared_ptr<ArAsset> UsdParquetOpenedPackage::Find(const std::string& package_path) {
  for (const auto* package = Innermost(); package; package = package->outer_) {
    if (package->package_path_ == package_path) return AtBlob(package->asset_, package->blob_);
  }
  return nullptr;
}

std::string UsdParquetPackageResolver::Resolve(const std::string&,
                                               const std::string& packaged_path) {
  return packaged_path == kResidualName ? packaged_path : std::string();
}

std::shared_ptr<ArAsset> UsdParquetPackageResolver::OpenAsset(const std::string& package_path,
                                                              const std::string& packaged_path) {
  if (packaged_path != kResidualName) return nullptr;
  if (auto opened = UsdParquetOpenedPackage::Find(package_path)) return opened;
  std::shared_ptr<ArAsset> whole;
  auto file = UsdParquetOpenAsset(package_path, &whole);
  if (!file.ok()) return nullptr;
  try {
    const auto metadata = parquet::ParquetFileReader::Open(*file)->metadata();
    const auto blob = usdparquet::FindResidual(**file, *metadata);
    if (!blob.ok() || !*blob) return nullptr;
    return AtBlob(std::move(whole), **blob);
  } catch (const std::exception&) {  // not a Parquet file: there is no such asset
    return nullptr;
  }
}

PXR_NAMESPACE_CLOSE_SCOPE
