#include "core/pages/chunk_range.h"

#include <algorithm>
#include <string>

#include "core/util/message_text.h"

namespace usdparquet {
namespace {

/// The bytes by which the sizes of old chunks may be too small, at most.
constexpr int64_t kMostMissing = 100;

}  // namespace

arrow::Result<ChunkRange> RangeOfChunk(const parquet::FileMetaData& metadata,
                                       const parquet::ColumnChunkMetaData& chunk,
                                       int64_t file_size) {
  // As those of the `_metadata` files that Spark and Dask write beside others.
  if (const std::string& other = chunk.file_path(); !other.empty()) {
    return arrow::Status::IOError("its pages are in another file, ", QuotedValue(other),
                                  ": open that, or the folder as a dataset");
  }
  ChunkRange range;
  range.begin = range.data_page = chunk.data_page_offset();
  if (chunk.has_dictionary_page() && chunk.dictionary_page_offset() > 0 &&
      chunk.dictionary_page_offset() < range.begin) {
    range.begin = chunk.dictionary_page_offset();
  }
  const int64_t size = chunk.total_compressed_size();
  if (range.begin < 4 || size < 0 || range.begin > file_size - size) {
    return arrow::Status::IOError("the footer places it at byte ", range.begin, ", ", size,
                                  " bytes long, of a file of ", file_size,
                                  " bytes: the file is damaged");
  }
  range.limit = range.end = range.begin + size;
  // parquet-mr up to 1.2.8 did not count the header of the dictionary page (PARQUET-816).
  if (metadata.writer_version().VersionLt(
          parquet::ApplicationVersion::PARQUET_816_FIXED_VERSION())) {
    range.limit += std::min(kMostMissing, file_size - range.end);
  }
  return range;
}

bool IsAlwaysCompressed(const parquet::FileMetaData& metadata) {
  return metadata.writer_version().VersionLt(
      parquet::ApplicationVersion::PARQUET_CPP_10353_FIXED_VERSION());
}

}  // namespace usdparquet
