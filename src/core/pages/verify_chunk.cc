#include "core/pages/verify_chunk.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/util/crc32.h>
#include <parquet/column_reader.h>
#include <parquet/level_conversion.h>

#include <algorithm>
#include <optional>
#include <string>

#include "core/pages/page_decoder.h"
#include "core/pages/page_header.h"
#include "core/util/block_memory.h"
#include "core/util/guard.h"
#include "core/util/message_text.h"

namespace usdparquet {
namespace {

/// The listed pages of a chunk, in the order in which they are stored.
class ListedPages {
 public:
  explicit ListedPages(const std::optional<PageLocations::ChunkPages>& pages)
      : dictionary_(pages ? pages->dictionary : nullptr),
        data_(pages ? pages->data : std::span<const ListedPage>()) {}

  /// The next one; null behind the last.
  const ListedPage* Next() const {
    if (dictionary_) return dictionary_;
    return data_.empty() ? nullptr : data_.data();
  }
  void Pop() {
    if (dictionary_) {
      dictionary_ = nullptr;
    } else {
      data_ = data_.subspan(1);
    }
  }

 private:
  const ListedPage* dictionary_;
  std::span<const ListedPage> data_;
};

class Verifier {
 public:
  Verifier(const PageSource& source, int leaf, int row_group, const ColumnInfo* column)
      : source_(source),
        leaf_(leaf),
        row_group_(row_group),
        column_(column),
        descriptor_(*source.metadata.schema()->Column(leaf)) {}

  arrow::Status Run() {
    if (num_rows() == 0) return arrow::Status::OK();
    row_ = source_.group_first_rows[static_cast<size_t>(row_group_)];
    const auto meta = source_.metadata.RowGroup(row_group_)->ColumnChunk(leaf_);
    ARROW_ASSIGN_OR_RAISE(const int64_t file_size, source_.file.GetSize());
    ARROW_ASSIGN_OR_RAISE(const ChunkRange range, RangeOfChunk(*meta, file_size));
    ARROW_ASSIGN_OR_RAISE(const bool has_checksums, VerifyPages(*meta, range));
    if (has_checksums) return arrow::Status::OK();
    row_ = source_.group_first_rows[static_cast<size_t>(row_group_)];
    return column_ ? Decode(*column_) : DecodeWithArrow(*meta, range);
  }

  /// The first row of the page that was looked at last.
  uint32_t row() const { return row_; }

 private:
  bool has_lists() const { return descriptor_.max_repetition_level() > 0; }
  int64_t num_rows() const { return source_.metadata.RowGroup(row_group_)->num_rows(); }

  /// Walks over all pages. Whether each body has a checksum.
  arrow::Result<bool> VerifyPages(const parquet::ColumnChunkMetaData& meta,
                                  const ChunkRange& range) {
    const uint32_t first_row = row_;
    const auto listed = source_.locations ? source_.locations->Find(row_group_, leaf_, range.begin,
                                                                    range.size(), num_rows())
                                          : std::nullopt;
    ListedPages pages(listed);
    bool has_checksums = true;
    int64_t values = 0;
    PageHeaderScan scan(source_.file, range.begin, range.end);
    while (!scan.is_done()) {
      const int64_t offset = scan.position();
      const ListedPage* const page = pages.Next();
      if (page && page->offset < offset) break;  // told below
      const bool is_listed = page && page->offset == offset;
      if (is_listed) {
        row_ = first_row + page->first_row;
        ARROW_RETURN_NOT_OK(VerifyHeader(*page));
        pages.Pop();
      }
      ARROW_ASSIGN_OR_RAISE(const PageHeader header, scan.Next());
      ARROW_RETURN_NOT_OK(CheckPageHeader(header, has_lists()));
      if (header.is_data()) {
        values += header.num_values;
        // Without lists a value is a row. What lists have is known only of listed pages.
        if (values > meta.num_values()) break;
      }
      if (header.crc) {
        ARROW_RETURN_NOT_OK(VerifyBody(offset + header.header_size, header));
      } else {
        has_checksums = false;
      }
      if (header.is_data() && !listed && !has_lists()) {
        row_ = first_row + static_cast<uint32_t>(std::min(values, num_rows()));
      }
    }
    row_ = pages.Next() ? first_row + pages.Next()->first_row : first_row;
    if (pages.Next()) {
      return arrow::Status::IOError("there is no page at byte ", pages.Next()->offset,
                                    ", where the page locations say that one is");
    }
    if (values != meta.num_values() || (!has_lists() && values != num_rows())) {
      return arrow::Status::IOError(
          "its pages hold ", values, values > meta.num_values() ? " or more" : "",
          " values, but the footer says ", meta.num_values(), " in ", num_rows(), " rows");
    }
    return has_checksums;
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t offset, int64_t size) const {
    ARROW_ASSIGN_OR_RAISE(auto bytes, source_.file.ReadAt(offset, size));
    if (bytes->size() == size) return bytes;
    return arrow::Status::IOError("the file ends within a page at byte ", offset);
  }

  arrow::Status VerifyHeader(const ListedPage& page) const {
    ARROW_ASSIGN_OR_RAISE(const auto bytes, Read(page.offset, page.header_size));
    const std::span header(bytes->data(), static_cast<size_t>(bytes->size()));
    if (PageHeaderChecksum(header) == page.header_checksum) return arrow::Status::OK();
    return PageHeaderDamaged(page.offset);
  }

  arrow::Status VerifyBody(int64_t offset, const PageHeader& header) const {
    ARROW_ASSIGN_OR_RAISE(const auto bytes, Read(offset, header.stored_size));
    const uint32_t crc =
        arrow::internal::crc32(0, bytes->data(), static_cast<size_t>(bytes->size()));
    if (crc == *header.crc) return arrow::Status::OK();
    return arrow::Status::IOError("the page at byte ", offset - header.header_size,
                                  " is damaged: its checksum is another one");
  }

  arrow::Status Decode(const ColumnInfo& column) {
    ARROW_ASSIGN_OR_RAISE(const auto chunk, LocatePages(source_, column, row_group_));
    for (uint32_t i = 0; i < chunk->pages.size(); ++i) {
      row_ = chunk->pages[i].first_row;
      Page page;
      BadCells bad;
      ARROW_RETURN_NOT_OK(DecodePage(source_, column, *chunk, i, &page, &bad));
    }
    return arrow::Status::OK();
  }

  arrow::Status DecodeWithArrow(const parquet::ColumnChunkMetaData& meta, const ChunkRange& range) {
    ARROW_ASSIGN_OR_RAISE(auto bytes, Read(range.begin, range.size()));
    ARROW_RETURN_NOT_OK(
        CheckPages({bytes->data(), static_cast<size_t>(bytes->size())}, has_lists()));
    parquet::ReaderProperties properties(BlockPool());
    properties.set_page_checksum_verification(true);
    auto pages =
        parquet::PageReader::Open(std::make_shared<arrow::io::BufferReader>(std::move(bytes)),
                                  meta.num_values(), meta.compression(), properties, descriptor_);
    const auto reader = parquet::internal::RecordReader::Make(
        &descriptor_, parquet::internal::LevelInfo::ComputeLevelInfo(&descriptor_), BlockPool());
    reader->SetPageReader(std::move(pages));
    auto* const texts = dynamic_cast<parquet::internal::BinaryRecordReader*>(reader.get());
    constexpr int64_t kBatch = 16384;
    int64_t rows = 0;
    for (int64_t read = kBatch; read > 0;) {
      read = reader->ReadRecords(kBatch);
      rows += read;
      row_ += static_cast<uint32_t>(read);
      if (texts) (void)texts->GetBuilderChunks();
      reader->Reset();
    }
    if (rows == num_rows()) return arrow::Status::OK();
    return arrow::Status::IOError("its pages hold ", rows, " rows, but the row group has ",
                                  num_rows());
  }

  const PageSource& source_;
  const int leaf_;
  const int row_group_;
  const ColumnInfo* const column_;
  const parquet::ColumnDescriptor& descriptor_;
  uint32_t row_ = 0;
};

}  // namespace

arrow::Status VerifyChunk(const PageSource& source, int leaf, int row_group,
                          const ColumnInfo* column) {
  Verifier verifier(source, leaf, row_group, column);
  const arrow::Status status = Guarded([&] { return verifier.Run(); });
  if (status.ok()) return status;
  const std::string name = column
                               ? column->column_name
                               : source.metadata.schema()->Column(leaf)->path()->ToDotVector()[0];
  return status.WithMessage("column '", MessageText(name), "', row group ", row_group,
                            ", from row ", verifier.row(), ": ", status.message());
}

}  // namespace usdparquet
