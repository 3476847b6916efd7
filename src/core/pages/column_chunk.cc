#include "core/pages/column_chunk.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <parquet/column_reader.h>
#include <parquet/page_index.h>
#include <parquet/statistics.h>

#include <algorithm>

namespace usdparquet {
namespace {

/// A stream over the data pages of a chunk that remembers where the last page header started: a
/// page reader peeks for a header at exactly the places where one begins.
class HeaderRecorder final : public arrow::io::InputStream {
 public:
  HeaderRecorder(arrow::io::RandomAccessFile& file, int64_t offset, int64_t size)
      : file_(file), offset_(offset), position_(offset), end_(offset + size) {}

  int64_t header_offset() const { return header_offset_; }

  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }
  arrow::Result<int64_t> Tell() const override { return position_ - offset_; }

  arrow::Result<std::string_view> Peek(int64_t count) override {
    header_offset_ = position_;
    ARROW_ASSIGN_OR_RAISE(peeked_, file_.ReadAt(position_, Clamp(count)));
    return std::string_view(*peeked_);
  }
  // Every page is skipped, and the base class skips by reading: page bodies are not to be touched.
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) override {
    position_ += Clamp(count);
    return std::make_shared<arrow::Buffer>("");
  }
  arrow::Result<int64_t> Read(int64_t, void*) override {
    return arrow::Status::NotImplemented("only headers are read");
  }

 private:
  int64_t Clamp(int64_t count) const { return std::min(count, end_ - position_); }

  arrow::io::RandomAccessFile& file_;
  const int64_t offset_;
  int64_t position_;
  const int64_t end_;
  int64_t header_offset_ = 0;
  std::shared_ptr<arrow::Buffer> peeked_;
};

/// Reads all page headers of a flat column's chunk; bodies are skipped.
arrow::Status ReadHeaders(arrow::io::RandomAccessFile& file,
                          const parquet::ColumnDescriptor& descriptor, int64_t offset, int64_t size,
                          int64_t num_values, ColumnChunk* chunk) {
  auto stream = std::make_shared<HeaderRecorder>(file, offset, size);
  auto reader = parquet::PageReader::Open(stream, num_values, chunk->codec,
                                          parquet::ReaderProperties(), descriptor);
  uint32_t row = chunk->first_row;
  reader->set_data_page_filter([&](const parquet::DataPageStats& stats) {
    if (!chunk->pages.empty()) {
      PageLocation& last = chunk->pages.back();
      last.size = stream->header_offset() - last.offset;
    }
    chunk->pages.push_back({stream->header_offset(), 0, row});
    row += stats.num_rows.value_or(stats.num_values);
    return true;
  });
  while (reader->NextPage()) {
  }
  if (!chunk->pages.empty()) {
    PageLocation& last = chunk->pages.back();
    last.size = offset + size - last.offset;
  }
  if (row != chunk->first_row + chunk->num_rows) {
    return arrow::Status::IOError("its pages hold ", row - chunk->first_row,
                                  " values, but the row group has ", chunk->num_rows, " rows");
  }
  return arrow::Status::OK();
}

/// Takes the locations of an offset index, those of a chunk in the bytes [begin, end).
arrow::Status TakeLocations(const parquet::OffsetIndex& index, int64_t begin, int64_t end,
                            ColumnChunk* chunk) {
  for (const parquet::PageLocation& page : index.page_locations()) {
    const int64_t first_row = chunk->first_row + page.first_row_index;
    const int64_t last_row = chunk->pages.empty() ? int64_t{-1} : chunk->pages.back().first_row;
    if (page.offset < begin || page.compressed_page_size <= 0 ||
        page.offset + page.compressed_page_size > end || page.first_row_index < 0 ||
        page.first_row_index > chunk->num_rows || first_row < last_row ||
        (chunk->pages.empty() && page.first_row_index != 0)) {
      return arrow::Status::IOError("its offset index is damaged");
    }
    // Arrow's writer lists pages without rows too: the next page then starts with the same row, or
    // there is none.
    if (page.first_row_index == chunk->num_rows) continue;
    if (first_row == last_row) chunk->pages.pop_back();
    chunk->pages.push_back(
        {page.offset, page.compressed_page_size, static_cast<uint32_t>(first_row)});
  }
  return arrow::Status::OK();
}

/// The rows of every page, if all but the last have as many.
uint32_t UniformRows(const ColumnChunk& chunk) {
  const uint32_t rows = chunk.PageRows(0);
  for (uint32_t i = 0; i < chunk.pages.size(); ++i) {
    const bool is_last = i + 1 == chunk.pages.size();
    if (is_last ? chunk.PageRows(i) > rows : chunk.PageRows(i) != rows) return 0;
  }
  return rows;
}

/// The offset index of `column` in row group `row_group`, null if the file has none. Arrow's
/// PageIndexReader would look at the metadata of all columns of the row group first, which in a
/// wide file takes longer than reading the footer.
arrow::Result<std::unique_ptr<parquet::OffsetIndex>> ReadOffsetIndex(
    arrow::io::RandomAccessFile& file, const parquet::FileMetaData& metadata,
    const ColumnInfo& column, int row_group) {
  const auto location =
      metadata.RowGroup(row_group)->ColumnChunk(column.leaf)->GetOffsetIndexLocation();
  if (!location) return nullptr;
  ARROW_ASSIGN_OR_RAISE(const int64_t file_size, file.GetSize());
  if (location->offset < 0 || location->length <= 0 ||
      location->offset > file_size - location->length) {
    return arrow::Status::IOError("the footer places its offset index at byte ", location->offset,
                                  " of a file of ", file_size, " bytes: the file is damaged");
  }
  ARROW_ASSIGN_OR_RAISE(const auto bytes, file.ReadAt(location->offset, location->length));
  if (bytes->size() != location->length) {
    return arrow::Status::IOError("the file ends within its offset index");
  }
  return parquet::OffsetIndex::Make(bytes->data(), bytes->size(),
                                    parquet::ReaderProperties(arrow::system_memory_pool()));
}

}  // namespace

arrow::Result<std::unique_ptr<ColumnChunk>> LocatePages(const PageSource& source,
                                                        const ColumnInfo& column, int row_group) {
  const auto& [file, metadata, group_first_rows, cache] = source;
  const uint32_t first_row = group_first_rows[row_group];
  ARROW_ASSIGN_OR_RAISE(const auto offset_index,
                        ReadOffsetIndex(file, metadata, column, row_group));
  const auto group = metadata.RowGroup(row_group);
  const auto meta = group->ColumnChunk(column.leaf);
  ARROW_ASSIGN_OR_RAISE(const int64_t file_size, file.GetSize());

  auto chunk = std::make_unique<ColumnChunk>();
  chunk->first_row = first_row;
  chunk->num_rows = static_cast<uint32_t>(group->num_rows());
  chunk->row_group = row_group;
  chunk->codec = meta->compression();
  if (const auto stats = meta->encoded_statistics(); stats && stats->has_null_count) {
    chunk->null_count = stats->null_count;
  }

  int64_t begin = meta->data_page_offset();
  if (meta->has_dictionary_page() && meta->dictionary_page_offset() > 0 &&
      meta->dictionary_page_offset() < begin) {
    begin = meta->dictionary_page_offset();
  }
  const int64_t end = begin + meta->total_compressed_size();
  if (begin < 4 || end < begin || end > file_size) {
    return arrow::Status::IOError("the footer places it at bytes ", begin, " to ", end,
                                  " of a file of ", file_size, " bytes: the file is damaged");
  }

  const parquet::ColumnDescriptor& descriptor = *metadata.schema()->Column(column.leaf);
  int64_t first_page = meta->data_page_offset();
  if (offset_index && !offset_index->page_locations().empty()) {
    first_page = offset_index->page_locations()[0].offset;
    ARROW_RETURN_NOT_OK(TakeLocations(*offset_index, begin, end, chunk.get()));
  } else if (column.max_rep > 0) {
    chunk->pages.push_back({meta->data_page_offset(), end - meta->data_page_offset(), first_row});
  } else if (chunk->num_rows > 0) {
    ARROW_RETURN_NOT_OK(ReadHeaders(file, descriptor, meta->data_page_offset(),
                                    end - meta->data_page_offset(), meta->num_values(),
                                    chunk.get()));
  }
  if (first_page > begin) {
    chunk->dictionary_offset = begin;
    chunk->dictionary_size = first_page - begin;
  }
  if (!chunk->pages.empty()) chunk->rows_per_page = UniformRows(*chunk);
  chunk->slots = std::make_unique<PageSlot[]>(chunk->pages.size());
  return chunk;
}

}  // namespace usdparquet
