#include "core/write/column_encodings.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "core/index/arrow_columns.h"
#include "core/util/block_memory.h"

namespace usdparquet {
namespace {

/// Whether most values of a column differ, as a look at its first rows tells: then a
/// dictionary only adds to it.
bool IsMostlyDistinct(const arrow::ChunkedArray& column) {
  const auto views = StringViews(*column.Slice(0, kEncodingSample));
  if (!views.ok() || views->empty()) return false;
  const std::unordered_set<std::string_view> distinct(views->begin(), views->end());
  return distinct.size() * 2 > views->size();
}

bool IsNumber(parquet::Type::type type) {
  return type == parquet::Type::INT32 || type == parquet::Type::INT64 ||
         type == parquet::Type::FLOAT || type == parquet::Type::DOUBLE;
}

}  // namespace

// What was measured is in docs/performance.md.
std::shared_ptr<parquet::WriterProperties> ChooseEncodings(const arrow::Table& table,
                                                           const parquet::SchemaDescriptor& leaves,
                                                           const WriteOptions& options) {
  parquet::WriterProperties::Builder builder;
  builder.compression(options.codec)
      ->max_row_group_length(options.rows_per_group)
      ->write_batch_size(std::min<int64_t>(options.rows_per_page, 1024))
      ->max_rows_per_page(options.rows_per_page)
      ->enable_write_page_index()
      ->enable_page_checksum()
      ->memory_pool(BlockPool());
  if (options.compression_level) {
    builder.compression_level(*options.compression_level);
  } else if (options.codec == arrow::Compression::ZSTD) {
    builder.compression_level(WriteOptions::kZstdLevel);
  }

  for (int i = 0; i < leaves.num_columns(); ++i) {
    const parquet::ColumnDescriptor& leaf = *leaves.Column(i);
    const std::string path = leaf.path()->ToDotString();
    const auto encode = [&](parquet::Encoding::type encoding) {
      builder.disable_dictionary(path)->encoding(path, encoding);
    };
    // Without compression, what is PLAIN is read from the mapped file as it lies there.
    if (options.codec == arrow::Compression::UNCOMPRESSED && IsNumber(leaf.physical_type())) {
      encode(parquet::Encoding::PLAIN);
      continue;
    }
    switch (leaf.physical_type()) {
      case parquet::Type::FLOAT:
      case parquet::Type::DOUBLE:
        encode(parquet::Encoding::BYTE_STREAM_SPLIT);
        break;
      case parquet::Type::FIXED_LEN_BYTE_ARRAY:
        // Halves and decimals: Polars reads no split pages of them, and a dictionary page before
        // the times would move them from where the index says that they are.
        encode(parquet::Encoding::PLAIN);
        break;
      case parquet::Type::INT32:
      case parquet::Type::INT64:
        encode(parquet::Encoding::DELTA_BINARY_PACKED);
        break;
      case parquet::Type::BYTE_ARRAY: {
        const auto column = table.GetColumnByName(path);
        if (path == options.path_column) {
          encode(parquet::Encoding::DELTA_BYTE_ARRAY);
        } else if (column && column->type()->id() != arrow::Type::DICTIONARY &&
                   IsMostlyDistinct(*column)) {
          encode(parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY);
        }
        break;
      }
      default:
        break;
    }
  }
  return builder.build();
}

}  // namespace usdparquet
