#include "core/pages/page_bytes.h"

#include "core/pages/page_header.h"

namespace usdparquet {
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

arrow::Status WrongRowCount(size_t rows, const Page& page) {
  return arrow::Status::IOError("a page holds ", rows, " rows, but should hold ", page.num_rows);
}

}  // namespace usdparquet
