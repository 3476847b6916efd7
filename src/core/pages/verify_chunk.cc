#include "core/pages/verify_chunk.h"

#include <arrow/buffer.h>
#include <parquet/size_statistics.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <vector>

#include "core/pages/chunk_range.h"
#include "core/pages/page_body.h"
#include "core/pages/page_bytes.h"
#include "core/pages/page_header.h"
#include "core/pages/page_levels.h"
#include "core/pages/value_claims.h"
#include "core/util/guard.h"
#include "core/util/limits.h"
#include "core/util/parallel_for.h"

namespace usdparquet {
namespace {

/// Whether Arrow, before it decodes values, reserves memory for as many as the page claims to have
/// in its encoding, or of the length that the schema claims.
bool ClaimsMemory(const PageHeader& header, bool is_wide) {
  return is_wide || header.encoding == parquet::Encoding::DELTA_BINARY_PACKED ||
         header.encoding == parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY ||
         header.encoding == parquet::Encoding::DELTA_BYTE_ARRAY;
}

/// Steps through the pages of one chunk.
class ChunkWalk {
 public:
  ChunkWalk(const PageSource& source, int leaf, int row_group, ChunkCheck check)
      : source_(source),
        file_(source.file),
        leaf_(leaf),
        row_group_(row_group),
        descriptor_(*source.metadata.schema()->Column(leaf)),
        check_(check),
        rows_(source.metadata.RowGroup(row_group)->num_rows()),
        meta_(source.metadata.RowGroup(row_group)->ColumnChunk(leaf)),
        is_always_compressed_(IsAlwaysCompressed(source.metadata)) {}

  /// Rows of the row group before the page that is being looked at, as far as they are known.
  int64_t row() const { return std::min(row_, std::max<int64_t>(rows_ - 1, 0)); }

  arrow::Status Run() {
    // Writers place the chunk of an empty row group anywhere.
    if (rows_ == 0 && meta_->num_values() == 0) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(const int64_t file_size, file_.GetSize());
    ARROW_ASSIGN_OR_RAISE(const ChunkRange range,
                          RangeOfChunk(source_.metadata, *meta_, file_size));
    FindListed(range);
    PageHeaderScan scan(file_, range.begin, range.limit, meta_->num_values());
    while (!scan.is_done()) {
      const int64_t offset = scan.position();
      ARROW_RETURN_NOT_OK(BeginPage(offset));
      ARROW_ASSIGN_OR_RAISE(const PageHeader header, scan.Next());
      ARROW_RETURN_NOT_OK(CheckHeaderBytes(scan.header_bytes(), offset));
      ARROW_RETURN_NOT_OK(CheckPage(header, offset, scan.position() - offset));
    }
    ARROW_RETURN_NOT_OK(BeginPage(range.limit));
    ARROW_RETURN_NOT_OK(CheckBehindPages(file_, scan.position(), range.end));
    if (values_ != meta_->num_values()) return WrongSum(values_, "values");
    if (!has_lists() && values_ != rows_) return WrongSum(values_, "values");
    if (has_lists() && knows_rows_ && row_ != rows_) return WrongSum(row_, "rows");
    ARROW_RETURN_NOT_OK(CheckWidth());
    if (check_ != ChunkCheck::kStatistics) return arrow::Status::OK();
    return has_lists() ? CheckLevelCounts() : CheckNullCount();
  }

 private:
  bool has_lists() const { return descriptor_.max_repetition_level() > 0; }
  bool is_wide() const {
    return descriptor_.physical_type() == parquet::Type::FIXED_LEN_BYTE_ARRAY &&
           descriptor_.type_length() > kMaxNarrowValue;
  }

  /// Whether the chunk's values may have the length that the schema claims: nulls take it too.
  arrow::Status CheckWidth() const {
    const int64_t most = MaxPageSize(decoded_size_);
    if (!is_wide() || values_ <= most / descriptor_.type_length()) return arrow::Status::OK();
    return arrow::Status::CapacityError("its ", values_, " values of ", descriptor_.type_length(),
                                        " bytes take more than ", most, ", and its pages hold ",
                                        decoded_size_, ": write the file with smaller row groups");
  }

  /// Readers that go by statistics would pass over cells, or have some that are none.
  arrow::Status CheckNullCount() {
    const auto statistics = meta_->encoded_statistics();
    if (!statistics || !statistics->has_null_count || statistics->null_count == nulls_) {
      return arrow::Status::OK();
    }
    row_ = 0;
    return arrow::Status::IOError("its statistics count ", statistics->null_count,
                                  " nulls, but its pages have ", nulls_,
                                  "; 'usdparquet optimize' writes good ones");
  }

  /// A null count of lists is one of elements, which writers count differently: whether a list is
  /// null, the levels tell.
  arrow::Status CheckLevelCounts() {
    const auto sizes = meta_->size_statistics();
    if (!sizes || sizes->definition_level_histogram.empty()) return arrow::Status::OK();
    if (sizes->definition_level_histogram == level_counts_) return arrow::Status::OK();
    row_ = 0;
    return arrow::Status::IOError(
        "its size statistics count other definition levels than its pages have; 'usdparquet "
        "optimize' writes good ones");
  }

  /// The pages that the file lists, in the order in which they are stored.
  void FindListed(const ChunkRange& range) {
    if (!source_.locations) return;
    const auto found = source_.locations->Find(row_group_, leaf_, range.begin, range.size(), rows_);
    if (!found) return;
    dictionary_ = found->dictionary;
    listed_ = found->data;
  }

  const ListedPage* NextListed() const {
    return dictionary_ ? dictionary_ : listed_.empty() ? nullptr : listed_.data();
  }

  /// Takes the row of the page at byte `offset` from the list. No listed page may lie before.
  arrow::Status BeginPage(int64_t offset) {
    const ListedPage* const page = NextListed();
    if (!page || page->offset > offset) return arrow::Status::OK();  // one without rows
    const bool is_other_row = knows_rows_ && row_ != page->first_row;
    row_ = page->first_row;
    if (page->offset == offset && !is_other_row) return arrow::Status::OK();
    return arrow::Status::IOError("there is no page at byte ", page->offset, " with row ", row_,
                                  " of the row group, where the page locations say that one is");
  }

  /// Verifies the header of the page at byte `offset`, if the file has a checksum of it.
  arrow::Status CheckHeaderBytes(std::span<const uint8_t> header, int64_t offset) {
    const ListedPage* const page = NextListed();
    if (!page || page->offset != offset) return arrow::Status::OK();
    if (page->header_size != header.size() || PageHeaderChecksum(header) != page->header_checksum) {
      return PageHeaderDamaged(offset);
    }
    if (dictionary_) {
      dictionary_ = nullptr;
    } else {
      listed_ = listed_.subspan(1);
    }
    return arrow::Status::OK();
  }

  arrow::Status WrongSum(int64_t sum, const char* what) const {
    return arrow::Status::IOError("its pages hold ", sum, " ", what, ", but the footer says ",
                                  meta_->num_values(), " values and ", rows_, " rows");
  }

  arrow::Status CheckPage(const PageHeader& header, int64_t offset, int64_t size) {
    ARROW_RETURN_NOT_OK(CheckPageHeader(header, has_lists()));
    const bool is_dictionary = header.type == parquet::PageType::DICTIONARY_PAGE;
    if (!is_dictionary && !header.is_data()) return arrow::Status::OK();
    if (is_dictionary && dictionary_size_ >= 0) {
      return arrow::Status::IOError("it has a second dictionary page at byte ", offset);
    }
    const bool is_decoded =
        check_ >= ChunkCheck::kValues || !header.crc.has_value() || ClaimsMemory(header, is_wide());
    int64_t rows = header.NumRows(has_lists());
    if (is_decoded || check_ == ChunkCheck::kChecksums) {
      ARROW_ASSIGN_OR_RAISE(auto bytes, file_.ReadAt(offset, size));
      if (bytes->size() != size) {
        return arrow::Status::IOError("the file ends within a page at byte ", offset);
      }
      const StoredPage page{header, SpanOf(*bytes).subspan(header.header_size)};
      ARROW_RETURN_NOT_OK(CheckPageBody(header, page.body));
      if (is_decoded) ARROW_RETURN_NOT_OK(Decode(page, &rows));
    }
    if (is_dictionary) {
      dictionary_size_ = header.num_values;
      return arrow::Status::OK();
    }
    values_ += header.num_values;
    if (values_ > meta_->num_values()) return WrongSum(values_, "values or more");
    if (rows < 0) knows_rows_ = false;
    row_ += std::max<int64_t>(rows, 0);
    if (row_ > rows_) return WrongSum(row_, "rows or more");
    return arrow::Status::OK();
  }

  /// Decodes a page whole, and sets `rows` to how many begin in it.
  arrow::Status Decode(const StoredPage& page, int64_t* rows) {
    const PageHeader& header = page.header;
    ARROW_ASSIGN_OR_RAISE(const PageBody body,
                          DecompressPage(page, meta_->compression(), is_always_compressed_));
    decoded_size_ += static_cast<int64_t>(body.bytes.size());
    if (!header.is_data()) {
      return CheckWholeValues(descriptor_, parquet::Encoding::PLAIN, body.bytes, header.num_values,
                              header.num_values, -1);
    }
    Levels levels;
    ARROW_ASSIGN_OR_RAISE(
        const ValueSection section,
        DecodeLevels(descriptor_.max_definition_level(), descriptor_.max_repetition_level(), header,
                     body.bytes, &levels));
    nulls_ += header.num_values - section.count;
    if (has_lists()) {
      for (const int16_t level : levels.def) ++level_counts_[static_cast<size_t>(level)];
      *rows = std::count(levels.rep.begin(), levels.rep.end(), 0);
      if (const int64_t told = header.NumRows(true); told >= 0 && *rows != told) {
        return arrow::Status::IOError("a page has ", *rows, " rows, but its header says ",
                                      header.num_rows);
      }
      if (values_ == 0 && !levels.rep.empty() && levels.rep[0] != 0) {
        return arrow::Status::IOError("the first page does not begin with a row");
      }
    }
    return CheckWholeValues(descriptor_, header.value_encoding(),
                            std::span(section.data, static_cast<size_t>(section.size)),
                            header.num_values, section.count, dictionary_size_);
  }

  const PageSource& source_;
  arrow::io::RandomAccessFile& file_;
  const int leaf_;
  const int row_group_;
  const parquet::ColumnDescriptor& descriptor_;
  const ChunkCheck check_;
  const int64_t rows_;  // of the row group
  const std::unique_ptr<parquet::ColumnChunkMetaData> meta_;
  const bool is_always_compressed_;
  const ListedPage* dictionary_ = nullptr;  // those that are still to come
  std::span<const ListedPage> listed_;
  int64_t row_ = 0;
  bool knows_rows_ = true;
  int64_t values_ = 0;
  int64_t nulls_ = 0;  // in the pages that were decoded, as the next
  std::vector<int64_t> level_counts_ =
      std::vector<int64_t>(static_cast<size_t>(descriptor_.max_definition_level()) + 1);
  int64_t decoded_size_ = 0;  // of the pages that were decoded
  int64_t dictionary_size_ = -1;
};

}  // namespace

arrow::Status VerifyChunk(const PageSource& source, int leaf, int row_group, ChunkCheck check,
                          int64_t* row) {
  if (row) *row = source.group_first_rows[static_cast<size_t>(row_group)];
  return Guarded([&]() -> arrow::Status {
    ChunkWalk walk(source, leaf, row_group, check);
    const arrow::Status found = Guarded([&] { return walk.Run(); });
    if (row) *row += walk.row();
    return found;
  });
}

arrow::Status VerifyChunks(const PageSource& source, std::span<const int> leaves,
                           std::span<const int> row_groups, ChunkCheck check) {
  return ParallelFor(0, leaves.size() * row_groups.size(), [&](size_t i) -> arrow::Status {
    const int leaf = leaves[i % leaves.size()], row_group = row_groups[i / leaves.size()];
    int64_t row = 0;
    const arrow::Status status = VerifyChunk(source, leaf, row_group, check, &row);
    if (status.ok() || status.IsOutOfMemory()) return status;
    return AtRow(status, ColumnNameOf(source.metadata, leaf), row_group, row);
  });
}

arrow::Status AtRow(const arrow::Status& status, const std::string& column, int row_group,
                    int64_t row) {
  const auto code = status.IsCapacityError() ? status.code() : arrow::StatusCode::IOError;
  return arrow::Status(code, "column '" + column + "', row group " + std::to_string(row_group) +
                                 ", from row " + std::to_string(row) + ": " + status.message());
}

std::string ColumnNameOf(const parquet::FileMetaData& metadata, int leaf) {
  return metadata.schema()->Column(leaf)->path()->ToDotVector().front();
}

}  // namespace usdparquet
