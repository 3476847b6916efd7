#include "core/pages/page_bytes.h"

#include <arrow/io/memory.h>

#include <limits>

#include "core/pages/page_header.h"
#include "core/util/block_memory.h"

namespace usdparquet {
namespace {

parquet::ReaderProperties PageProperties() {
  parquet::ReaderProperties properties(BlockPool());
  properties.set_page_checksum_verification(true);
  return properties;
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::Buffer>> ReadPageBytes(const PageSource& source,
                                                            const PageLocation& page) {
  ARROW_ASSIGN_OR_RAISE(auto bytes, source.file.ReadAt(page.offset, page.size));
  if (bytes->size() != page.size) {
    return arrow::Status::IOError("the file ends within a page at byte ", page.offset);
  }
  source.cache.CountBytesRead(page.size);
  if (page.header_size > 0 &&
      PageHeaderChecksum(SpanOf(*bytes).first(page.header_size)) != page.header_checksum) {
    return PageHeaderDamaged(page.offset);
  }
  return bytes;
}

std::unique_ptr<parquet::PageReader> OpenPages(std::shared_ptr<arrow::Buffer> bytes,
                                               const parquet::ColumnDescriptor& descriptor,
                                               arrow::Compression::type codec,
                                               bool is_always_compressed) {
  return parquet::PageReader::Open(std::make_shared<arrow::io::BufferReader>(std::move(bytes)),
                                   std::numeric_limits<int64_t>::max(), codec, PageProperties(),
                                   descriptor, is_always_compressed);
}

arrow::Status WrongRowCount(size_t rows, const Page& page) {
  return arrow::Status::IOError("a page holds ", rows, " rows, but should hold ", page.num_rows);
}

}  // namespace usdparquet
