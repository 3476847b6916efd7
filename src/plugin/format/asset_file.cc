#include "plugin/format/asset_file.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <pxr/usd/ar/resolvedPath.h>
#include <pxr/usd/ar/resolver.h>

#include <algorithm>

PXR_NAMESPACE_OPEN_SCOPE

namespace {

/// A buffer over an asset's mapping, which it keeps.
class AssetBuffer final : public arrow::Buffer {
 public:
  AssetBuffer(std::shared_ptr<const char> bytes, size_t size)
      : Buffer(reinterpret_cast<const uint8_t*>(bytes.get()), static_cast<int64_t>(size)),
        bytes_(std::move(bytes)) {}

 private:
  const std::shared_ptr<const char> bytes_;
};

/// Reads ranges of an asset that is no local file.
class AssetFile final : public arrow::io::RandomAccessFile {
 public:
  explicit AssetFile(std::shared_ptr<ArAsset> asset) : asset_(std::move(asset)) {}

  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }
  arrow::Result<int64_t> GetSize() override { return static_cast<int64_t>(asset_->GetSize()); }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Seek(int64_t position) override {
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> Read(int64_t count, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t read, ReadAt(position_, count, out));
    position_ += read;
    return read;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, count));
    position_ += buffer->size();
    return buffer;
  }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t count, void* out) override {
    const auto size = static_cast<int64_t>(asset_->GetSize());
    if (position < 0 || count < 0 || position > size) {
      return arrow::Status::IOError("read beyond the end of the asset");
    }
    count = std::min(count, size - position);
    if (count == 0) return 0;
    const size_t read =
        asset_->Read(out, static_cast<size_t>(count), static_cast<size_t>(position));
    if (read != static_cast<size_t>(count)) {
      return arrow::Status::IOError("the asset gave ", read, " bytes at ", position, " instead of ",
                                    count);
    }
    return count;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t count) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer,
                          arrow::AllocateResizableBuffer(count, arrow::system_memory_pool()));
    ARROW_ASSIGN_OR_RAISE(const int64_t read, ReadAt(position, count, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(read));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

 private:
  const std::shared_ptr<ArAsset> asset_;
  int64_t position_ = 0;
};

}  // namespace

arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> UsdParquetOpenAsset(
    const std::string& resolved_path, std::shared_ptr<ArAsset>* opened) {
  std::shared_ptr<ArAsset> asset = ArGetResolver().OpenAsset(ArResolvedPath(resolved_path));
  if (!asset) return arrow::Status::IOError(resolved_path, ": the file can't be opened");
  if (opened) *opened = asset;
  if (asset->GetFileUnsafe().first && asset->GetSize() > 0) {
    if (std::shared_ptr<const char> bytes = asset->GetBuffer()) {
      return std::make_shared<arrow::io::BufferReader>(
          std::make_shared<AssetBuffer>(std::move(bytes), asset->GetSize()));
    }
  }
  return std::make_shared<AssetFile>(std::move(asset));
}

PXR_NAMESPACE_CLOSE_SCOPE
