#pragma once

/// \file
/// Values as bytes, exactly: what a small residual is made of. docs/file-format.md has the bytes.

#include <pxr/base/vt/value.h>
#include <pxr/pxr.h>
#include <pxr/usd/sdf/path.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

PXR_NAMESPACE_OPEN_SCOPE

/// Most bytes of a packed residual; larger ones are crate files, which are read in parts.
inline constexpr size_t kUsdParquetMaxPacked = 8 << 10;
/// Most bytes of all its texts, of which a repeated one takes hardly any.
inline constexpr size_t kUsdParquetMaxPackedTexts = 256 << 10;
/// Most dictionaries and sample maps within each other.
inline constexpr int kUsdParquetMaxPackedDepth = 32;

/// Puts values one behind the other. Not thread-safe.
class UsdParquetPacker {
 public:
  /// A text that takes a byte wherever it is added.
  void KnowText(const std::string& text) { texts_.try_emplace(text, texts_.size()); }
  void AddNumber(uint64_t number);
  /// A text that was added before takes a byte or two.
  void AddText(const std::string& text);
  void AddPath(const SdfPath& path);
  /// A copy of `size` bytes.
  void AddBytes(const void* bytes, size_t size);
  void AddValue(const VtValue& value);

  /// Whether all of that fits, and every value has such a form.
  bool ok() const { return is_ok_ && bytes_.size() <= kUsdParquetMaxPacked; }
  void Fail() { is_ok_ = false; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::unordered_map<std::string, uint64_t> texts_;  // and the number of each
  size_t text_size_ = 0;
  int depth_ = 0;
  bool is_ok_ = true;
};

/// Takes out again what a packer put in. Bytes that no packer made give anything, but no harm:
/// `ok` then tells, and all that is taken from there on is empty. Not thread-safe.
class UsdParquetUnpacker {
 public:
  /// `bytes` has to stay as long as this is used.
  explicit UsdParquetUnpacker(std::string_view bytes) : rest_(bytes) {}

  /// As the packer; in the same order.
  void KnowText(std::string text) { texts_.push_back(std::move(text)); }
  uint64_t TakeNumber();
  /// A number of things that have at least `size` bytes each.
  size_t TakeCount(size_t size = 1);
  /// Stays until the next text is taken.
  const std::string& TakeText();
  SdfPath TakePath();
  void TakeBytes(void* bytes, size_t size);
  VtValue TakeValue();

  bool ok() const { return is_ok_; }
  void Fail();
  bool is_at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  std::vector<std::string> texts_;
  size_t text_size_ = 0;
  int depth_ = 0;
  bool is_ok_ = true;
};

PXR_NAMESPACE_CLOSE_SCOPE
