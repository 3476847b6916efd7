#include <vector>

#include "core/pages/chunk_range.h"
#include "core/pages/column_chunk.h"
#include "core/pages/page_header.h"
#include "core/pages/page_locations.h"

namespace usdparquet {
namespace {

/// Lists the pages of a file, chunk by chunk.
class Lister {
 public:
  Lister(arrow::io::RandomAccessFile& file, const parquet::FileMetaData& metadata)
      : file_(file), metadata_(metadata) {}

  arrow::Status Run() {
    ARROW_ASSIGN_OR_RAISE(file_size_, file_.GetSize());
    for (int g = 0; g < metadata_.num_row_groups(); ++g) {
      group_first_rows_.push_back(0);  // all first rows are those in their row group
    }
    for (int g = 0; g < metadata_.num_row_groups(); ++g) {
      for (int leaf = 0; leaf < metadata_.num_columns(); ++leaf) {
        const arrow::Status status = AddChunk(g, leaf);
        if (!status.ok()) {
          return status.WithMessage("column '",
                                    metadata_.schema()->Column(leaf)->path()->ToDotVector()[0],
                                    "', row group ", g, ": ", status.message());
        }
      }
    }
    return arrow::Status::OK();
  }

  const std::vector<ListedChunk>& chunks() const { return chunks_; }
  const std::vector<ListedPage>& pages() const { return pages_; }

 private:
  arrow::Status AddChunk(int group, int leaf) {
    const auto meta = metadata_.RowGroup(group)->ColumnChunk(leaf);
    if (metadata_.RowGroup(group)->num_rows() == 0) {  // may lie anywhere
      chunks_.push_back({meta->data_page_offset(), meta->total_compressed_size(),
                         static_cast<uint32_t>(pages_.size()), 0, 0, 0});
      return arrow::Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(const ChunkRange range, RangeOfChunk(metadata_, *meta, file_size_));
    const auto first_page = static_cast<uint32_t>(pages_.size());
    ListedChunk listed{range.begin, range.size(), first_page, 0, 0, 0};
    ColumnInfo column;
    column.leaf = leaf;
    column.max_rep = metadata_.schema()->Column(leaf)->max_repetition_level();
    // Pages of lists start with any value, and only the offset index says with which row.
    if (column.max_rep == 0 || meta->GetOffsetIndexLocation()) {
      const PageSource source{file_, metadata_, group_first_rows_, PageCache::Instance()};
      ARROW_ASSIGN_OR_RAISE(const auto located, LocatePages(source, column, group));
      if (CanList(*located, range, column)) {
        ARROW_RETURN_NOT_OK(
            AddPages(range, meta->num_values(), located->pages, column.max_rep > 0, &listed));
      }
    }
    listed.num_pages = static_cast<uint32_t>(pages_.size()) - first_page;
    chunks_.push_back(listed);
    return arrow::Status::OK();
  }

  /// Not what the list has no form for: pages of lists without an index that may be right, a
  /// dictionary page behind others, and pages behind the end that the footer says.
  static bool CanList(const ColumnChunk& chunk, const ChunkRange& range, const ColumnInfo& column) {
    const PageLocation& dictionary = chunk.dictionary_page;
    return (column.max_rep == 0 || chunk.is_hinted) && !chunk.pages.empty() &&
           chunk.pages.back().offset + chunk.pages.back().size <= range.end &&
           (dictionary.size == 0 || dictionary.offset == range.begin);
  }

  /// Adds the chunk's dictionary page, and those of its data pages that are in `located`.
  arrow::Status AddPages(const ChunkRange& range, int64_t num_values,
                         const std::vector<PageLocation>& located, bool has_lists,
                         ListedChunk* chunk) {
    PageHeaderScan scan(file_, range.begin, range.limit, num_values);
    auto next = located.begin();
    while (!scan.is_done()) {
      const int64_t offset = scan.position();
      ARROW_ASSIGN_OR_RAISE(const PageHeader header, scan.Next());
      const int64_t size = scan.position() - offset;
      ARROW_RETURN_NOT_OK(CheckPageHeader(header, has_lists));
      uint32_t first_row = 0;
      if (header.type == parquet::PageType::DICTIONARY_PAGE && offset == range.begin) {
        chunk->flags |= ListedChunk::kHasDictionary;
      } else if (next != located.end() && next->offset == offset && next->size == size &&
                 header.is_data()) {
        first_row = next->first_row;
        ++next;
      } else {
        continue;  // has no rows
      }
      pages_.push_back({offset, static_cast<uint32_t>(size), first_row, header.header_size,
                        PageHeaderChecksum(scan.header_bytes())});
    }
    if (next == located.end()) return arrow::Status::OK();
    return arrow::Status::IOError("there is no page at byte ", next->offset,
                                  ", where its offset index says that one is");
  }

  arrow::io::RandomAccessFile& file_;
  const parquet::FileMetaData& metadata_;
  int64_t file_size_ = 0;
  std::vector<uint32_t> group_first_rows_;
  std::vector<ListedChunk> chunks_;
  std::vector<ListedPage> pages_;
};

}  // namespace

arrow::Result<std::string> SerializePageLocations(arrow::io::RandomAccessFile& file,
                                                  const parquet::FileMetaData& metadata,
                                                  uint64_t fingerprint) {
  Lister lister(file, metadata);
  ARROW_RETURN_NOT_OK(lister.Run());
  return PageLocations::Serialize(lister.chunks(), lister.pages(), metadata, fingerprint);
}

}  // namespace usdparquet
