#include "core/pages/page_body.h"

#include <arrow/util/compression.h>
#include <parquet/types.h>

#include <algorithm>
#include <map>
#include <memory>

#include "core/util/block_memory.h"

namespace usdparquet {
namespace {

// Arrow's page reader makes a context of Zstandard for every page, and to choose its code that asks
// the processor what it can do. On virtual machines each such question (CPUID) goes to the
// hypervisor: 10 us a page, which may be more than its decoding. Here each thread keeps a context.
arrow::Result<arrow::util::Decompressor*> ThreadDecompressor() {
  static thread_local std::shared_ptr<arrow::util::Decompressor> decompressor;
  if (decompressor) {
    ARROW_RETURN_NOT_OK(decompressor->Reset());
    return decompressor.get();
  }
  ARROW_ASSIGN_OR_RAISE(const auto codec, arrow::util::Codec::Create(arrow::Compression::ZSTD));
  ARROW_ASSIGN_OR_RAISE(decompressor, codec->MakeDecompressor());
  return decompressor.get();
}

/// The codec, made once for each thread. Throws where Parquet has no such codec.
arrow::util::Codec& ThreadCodec(arrow::Compression::type codec) {
  static thread_local std::map<arrow::Compression::type, std::unique_ptr<arrow::util::Codec>> made;
  std::unique_ptr<arrow::util::Codec>& mine = made[codec];
  if (!mine) mine = parquet::GetCodec(codec);
  return *mine;
}

/// Whether the frame says how large its content is. Otherwise a context that is kept would keep a
/// window of some megabytes, too. RFC 8878, section 3.1.1.1.1: the descriptor behind the magic
/// number, its Frame_Content_Size_flag and Single_Segment_flag.
bool TellsItsSize(std::span<const uint8_t> frame) {
  return frame.size() > 4 && ((frame[4] >> 6) != 0 || (frame[4] & 0x20) != 0);
}

arrow::Status WrongSize(int64_t size, std::span<const uint8_t> to) {
  return arrow::Status::IOError("a page decompresses to ", size, " bytes instead of ", to.size());
}

arrow::Status DecompressZstd(std::span<const uint8_t> from, std::span<uint8_t> to) {
  int64_t written = 0;
  if (TellsItsSize(from)) {
    ARROW_ASSIGN_OR_RAISE(auto* decompressor, ThreadDecompressor());
    ARROW_ASSIGN_OR_RAISE(const auto result,
                          decompressor->Decompress(static_cast<int64_t>(from.size()), from.data(),
                                                   static_cast<int64_t>(to.size()), to.data()));
    if (!decompressor->IsFinished()) {
      return arrow::Status::IOError("a page ends within its compressed data");
    }
    written = result.bytes_written;
  } else {
    ARROW_ASSIGN_OR_RAISE(const auto codec, arrow::util::Codec::Create(arrow::Compression::ZSTD));
    ARROW_ASSIGN_OR_RAISE(written, codec->Decompress(static_cast<int64_t>(from.size()), from.data(),
                                                     static_cast<int64_t>(to.size()), to.data()));
  }
  return written == static_cast<int64_t>(to.size()) ? arrow::Status::OK() : WrongSize(written, to);
}

arrow::Status Decompress(std::span<const uint8_t> from, std::span<uint8_t> to,
                         arrow::Compression::type codec) {
  // parquet-java writes no frame where all values are null (apache/arrow GH-31992).
  if (from.empty() && to.empty()) return arrow::Status::OK();
  if (codec == arrow::Compression::ZSTD) return DecompressZstd(from, to);
  ARROW_ASSIGN_OR_RAISE(const int64_t written, ThreadCodec(codec).Decompress(
                                                   static_cast<int64_t>(from.size()), from.data(),
                                                   static_cast<int64_t>(to.size()), to.data()));
  return written == static_cast<int64_t>(to.size()) ? arrow::Status::OK() : WrongSize(written, to);
}

}  // namespace

arrow::Result<PageBody> DecompressPage(const StoredPage& page, arrow::Compression::type codec,
                                       bool is_always_compressed) {
  const PageHeader& header = page.header;
  if (codec == arrow::Compression::UNCOMPRESSED) return PageBody{page.body, nullptr};
  size_t levels = 0;  // stored as they are before what is compressed
  if (header.type == parquet::PageType::DATA_PAGE_V2) {
    if (!header.is_compressed && !is_always_compressed) return PageBody{page.body, nullptr};
    levels = static_cast<size_t>(header.rep_size) + static_cast<size_t>(header.def_size);
  }
  std::shared_ptr<arrow::Buffer> buffer = AllocateBlockBuffer(static_cast<size_t>(header.size));
  const std::span to(buffer->mutable_data(), static_cast<size_t>(header.size));
  std::copy_n(page.body.begin(), levels, to.begin());
  ARROW_RETURN_NOT_OK(Decompress(page.body.subspan(levels), to.subspan(levels), codec));
  return PageBody{to, std::move(buffer)};
}

}  // namespace usdparquet
