#include "core/table/arrow_reader.h"

#include <parquet/properties.h>

#include <utility>

namespace usdparquet {

arrow::Result<std::unique_ptr<parquet::arrow::FileReader>> OpenArrowReader(
    std::shared_ptr<arrow::io::RandomAccessFile> file,
    std::shared_ptr<parquet::FileMetaData> metadata, arrow::MemoryPool* pool, bool is_streaming) {
  parquet::ReaderProperties properties(pool);
  properties.set_page_checksum_verification(true);
  if (is_streaming) {
    properties.enable_buffered_stream();
    properties.set_buffer_size(1 << 20);
  }
  parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
  // Would read the chunks through a pool of threads, and hold their bytes until the next read.
  arrow_properties.set_pre_buffer(false);
  parquet::arrow::FileReaderBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Open(std::move(file), properties, std::move(metadata)));
  return builder.memory_pool(pool)->properties(arrow_properties)->Build();
}

}  // namespace usdparquet
