#include "plugin/format/range_asset.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/util/open_file.h"
#include "plugin/format/asset_file.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

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

}  // namespace

std::shared_ptr<ArAsset> UsdParquetRangeAsset(std::shared_ptr<ArAsset> whole, int64_t offset,
                                              int64_t length) {
  if (usdparquet::UsesPread()) {
    auto bytes = UsdParquetReadAsset(whole, offset, length);
    return bytes.ok() ? std::make_shared<BytesAsset>(std::move(*bytes)) : nullptr;
  }
  return std::make_shared<RangeAsset>(std::move(whole), static_cast<size_t>(offset),
                                      static_cast<size_t>(length));
}

PXR_NAMESPACE_CLOSE_SCOPE
