#include "plugin/format/asset_file.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <pxr/usd/ar/packageUtils.h>
#include <pxr/usd/ar/resolvedPath.h>
#include <pxr/usd/ar/resolver.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/util/file_name.h"
#include "core/util/open_file.h"
#include "core/util/system_calls.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

/// A buffer over an asset in a local file, which it has mapped. (The asset's own buffer need not be
/// a mapping, and parts of this one may have to be taken out of the file.)
class AssetBuffer final : public arrow::Buffer {
 public:
  /// `begin` is where the asset begins in the `size` bytes that are mapped.
  AssetBuffer(void* mapping, size_t size, size_t begin)
      : Buffer(static_cast<const uint8_t*>(mapping) + begin, static_cast<int64_t>(size - begin)),
        mapping_(mapping),
        mapped_size_(size) {}
  ~AssetBuffer() override { usdparquet::UnmapMemory(mapping_, mapped_size_); }

  /// Null if the asset can't be mapped.
  static std::shared_ptr<AssetBuffer> Map(const ArAsset& asset) {
    const auto [file, begin] = asset.GetFileUnsafe();
    if (!file || asset.GetSize() == 0) return nullptr;
    const size_t size = begin + asset.GetSize();
    void* const mapping = usdparquet::MapFile(::fileno(file), size);
    return mapping ? std::make_shared<AssetBuffer>(mapping, size, begin) : nullptr;
  }

 private:
  void* const mapping_;
  const size_t mapped_size_;
};

/// Reads ranges of an asset without mapping it.
class AssetFile final : public arrow::io::RandomAccessFile {
 public:
  explicit AssetFile(std::shared_ptr<ArAsset> asset)
      : asset_(std::move(asset)),
        local_(asset_->GetFileUnsafe()),
        size_(static_cast<int64_t>(asset_->GetSize())) {}

  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }
  arrow::Result<int64_t> GetSize() override { return size_; }
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
    if (position < 0 || count < 0 || position > size_) {
      return arrow::Status::IOError("read beyond the end of the file");
    }
    count = std::min(count, size_ - position);
    int64_t read = 0;
    if (local_.first) {
      ARROW_ASSIGN_OR_RAISE(read, ReadLocal(position, count, out));
    } else {
      read = static_cast<int64_t>(
          asset_->Read(out, static_cast<size_t>(count), static_cast<size_t>(position)));
    }
    if (read != count) {
      return arrow::Status::IOError("only ", read, " of ", count, " bytes at byte ", position,
                                    " can be read: the file of ", size_,
                                    " bytes was cut or replaced after it was opened");
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
  /// Not through the asset, which may be a part of a package that OpenUSD has mapped. Reads less
  /// where the file ends.
  arrow::Result<int64_t> ReadLocal(int64_t position, int64_t count, void* out) const {
    const int descriptor = ::fileno(local_.first);
    const auto begin = static_cast<int64_t>(local_.second) + position;
    int64_t done = 0;
    while (done < count) {
      const int64_t read = usdparquet::ReadAt(descriptor, static_cast<char*>(out) + done,
                                              static_cast<size_t>(count - done), begin + done);
      if (read < 0) {
        return arrow::Status::IOError("bytes at byte ", position + done,
                                      " of the file can't be read: ", std::strerror(errno));
      }
      if (read == 0) break;
      done += read;
    }
    return done;
  }

  const std::shared_ptr<ArAsset> asset_;
  const std::pair<FILE*, size_t> local_;  // and where the asset begins in it
  const int64_t size_;                    // when it was opened
  int64_t position_ = 0;
};

}  // namespace

arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> UsdParquetOpenAsset(
    const std::string& resolved_path, std::shared_ptr<ArAsset>* opened) {
  // Opening a pipe would wait for its other end.
  ARROW_RETURN_NOT_OK(usdparquet::WithFileName(
      usdparquet::CheckRegularFile(ArSplitPackageRelativePathOuter(resolved_path).first),
      resolved_path));
  std::shared_ptr<ArAsset> asset = ArGetResolver().OpenAsset(ArResolvedPath(resolved_path));
  if (!asset) return arrow::Status::IOError(resolved_path, ": the file can't be opened");
  if (opened) *opened = asset;
  if (!usdparquet::UsesPread()) {
    if (auto bytes = AssetBuffer::Map(*asset)) {
      return std::make_shared<arrow::io::BufferReader>(std::move(bytes));
    }
  }
  return std::make_shared<AssetFile>(std::move(asset));
}

arrow::Result<std::shared_ptr<arrow::Buffer>> UsdParquetReadAsset(
    const std::shared_ptr<ArAsset>& asset, int64_t offset, int64_t length) {
  ARROW_ASSIGN_OR_RAISE(auto bytes, AssetFile(asset).ReadAt(offset, length));
  if (bytes->size() != length) return arrow::Status::IOError("read beyond the end of the file");
  return bytes;
}

PXR_NAMESPACE_CLOSE_SCOPE
