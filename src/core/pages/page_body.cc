#include "core/pages/page_body.h"

#include <arrow/memory_pool.h>
#include <arrow/util/compression.h>
#include <parquet/types.h>

#include <algorithm>

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

/// Whether the frame says how large its content is. Otherwise a context that is kept would keep a
/// window of some megabytes, too. RFC 8878, section 3.1.1.1.1: the descriptor behind the magic
/// number, its Frame_Content_Size_flag and Single_Segment_flag.
bool TellsItsSize(std::span<const uint8_t> frame) {
  return frame.size() > 4 && ((frame[4] >> 6) != 0 || (frame[4] & 0x20) != 0);
}

arrow::Status WrongSize(int64_t size, std::span<const uint8_t> to) {
  return arrow::Status::IOError("a page decompresses to ", size, " bytes instead of ", to.size());
}

arrow::Status Decompress(std::span<const uint8_t> from, std::span<uint8_t> to) {
  // parquet-java writes no frame where all values are null (apache/arrow GH-31992).
  if (from.empty() && to.empty()) return arrow::Status::OK();
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

}  // namespace

arrow::Compression::type PageReaderCodec(arrow::Compression::type codec) {
  return codec == arrow::Compression::ZSTD ? arrow::Compression::UNCOMPRESSED : codec;
}

arrow::Result<PageBody> DecompressPage(const parquet::DataPage& page,
                                       arrow::Compression::type codec) {
  const std::span stored(page.data(), static_cast<size_t>(page.size()));
  if (PageReaderCodec(codec) == codec) return PageBody{stored, nullptr};
  int64_t levels = 0;  // stored as they are before what is compressed
  if (page.type() == parquet::PageType::DATA_PAGE_V2) {
    const auto& v2 = static_cast<const parquet::DataPageV2&>(page);
    if (!v2.is_compressed()) return PageBody{stored, nullptr};
    levels = int64_t{v2.repetition_levels_byte_length()} + v2.definition_levels_byte_length();
  }
  const int64_t size = page.uncompressed_size();
  if (levels < 0 || levels > page.size() || levels > size) {
    return arrow::Status::IOError("a page is smaller than its levels");
  }
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(size, BlockPool()));
  const std::span to(buffer->mutable_data(), static_cast<size_t>(size));
  std::copy_n(stored.begin(), levels, to.begin());
  ARROW_RETURN_NOT_OK(Decompress(stored.subspan(levels), to.subspan(levels)));
  return PageBody{to, std::move(buffer)};
}

arrow::Result<PageBody> DecompressBody(std::span<const uint8_t> stored, int64_t size,
                                       arrow::Compression::type codec) {
  if (codec == arrow::Compression::UNCOMPRESSED) return PageBody{stored, nullptr};
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(size, BlockPool()));
  const std::span to(buffer->mutable_data(), static_cast<size_t>(size));
  if (codec == arrow::Compression::ZSTD) {
    ARROW_RETURN_NOT_OK(Decompress(stored, to));
  } else {
    ARROW_ASSIGN_OR_RAISE(const int64_t written,
                          parquet::GetCodec(codec)->Decompress(static_cast<int64_t>(stored.size()),
                                                               stored.data(), size, to.data()));
    if (written != size) return WrongSize(written, to);
  }
  return PageBody{to, std::move(buffer)};
}

}  // namespace usdparquet
