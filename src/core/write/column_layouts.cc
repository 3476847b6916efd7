#include "core/write/column_layouts.h"

#include <arrow/io/memory.h>
#include <arrow/type_traits.h>
#include <arrow/util/byte_size.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/index/arrow_columns.h"
#include "core/util/block_memory.h"

namespace usdparquet {
namespace {

using arrow::Compression;

/// What is written to learn sizes: so many slices of the first row group, of so many rows each;
/// less where these have more bytes.
constexpr int64_t kSlices = 4, kSliceRows = 2'048, kSampleBytes = int64_t{8} << 20;

/// Of lists and long texts, fewer rows are a page, so that reading one does not read a mebibyte.
constexpr int64_t kSmallPage = int64_t{128} << 10, kLargePage = int64_t{1} << 20;

/// One way to store a column.
struct ColumnLayout {
  parquet::Encoding::type encoding = parquet::Encoding::PLAIN;
  bool has_dictionary = false;
  Compression::type codec = Compression::UNCOMPRESSED;
};

/// One for each leaf.
using ColumnLayouts = std::vector<ColumnLayout>;

/// Whether most values of a column differ, as a look at its first rows tells: then a
/// dictionary only adds to it.
bool IsMostlyDistinct(const arrow::ChunkedArray& column) {
  const auto views = StringViews(*column.Slice(0, kLayoutSample));
  if (!views.ok() || views->empty()) return false;
  const std::unordered_set<std::string_view> distinct(views->begin(), views->end());
  return distinct.size() * 2 > views->size();
}

bool IsInteger(parquet::Type::type type) {
  return type == parquet::Type::INT32 || type == parquet::Type::INT64;
}

bool IsReal(parquet::Type::type type) {
  return type == parquet::Type::FLOAT || type == parquet::Type::DOUBLE;
}

/// The layout that takes the least room, before it is compressed (measured in docs/performance.md).
ColumnLayout PackedLayout(const parquet::ColumnDescriptor& leaf, const arrow::Table& table,
                          const WriteOptions& options) {
  const parquet::Type::type type = leaf.physical_type();
  if (IsReal(type)) return {parquet::Encoding::BYTE_STREAM_SPLIT};
  if (IsInteger(type)) return {parquet::Encoding::DELTA_BINARY_PACKED};
  // Halves and decimals: Polars reads no split pages of them, and a dictionary page before the
  // times would move them from where the index says that they are.
  if (type == parquet::Type::FIXED_LEN_BYTE_ARRAY) return {parquet::Encoding::PLAIN};
  if (type == parquet::Type::BYTE_ARRAY) {
    const std::string path = leaf.path()->ToDotString();
    if (path == options.path_column) return {parquet::Encoding::DELTA_BYTE_ARRAY};
    const auto column = table.GetColumnByName(path);
    if (column && column->type()->id() != arrow::Type::DICTIONARY && IsMostlyDistinct(*column)) {
      return {parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY};
    }
  }
  return {parquet::Encoding::PLAIN, true};
}

/// The layout in a codec that is given. Without one, what is PLAIN is read from the mapped file as
/// it lies there.
ColumnLayout LayoutIn(Compression::type codec, ColumnLayout packed,
                      const parquet::ColumnDescriptor& leaf) {
  const parquet::Type::type type = leaf.physical_type();
  if (codec == Compression::UNCOMPRESSED && (IsReal(type) || IsInteger(type))) {
    packed.encoding = parquet::Encoding::PLAIN;
  }
  packed.codec = codec;
  return packed;
}

/// The most rows of `table` that Arrow's writer may take at a time, of which it looks only at the
/// end whether they fill a page.
arrow::Result<int64_t> RowsAtOnce(const arrow::Table& table, int64_t page_size) {
  int64_t widest = 1;
  for (const auto& column : table.columns()) {
    if (!arrow::is_base_binary_like(column->type()->id()) || column->length() == 0) continue;
    const auto sample = column->Slice(0, kLayoutSample);
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, arrow::util::ReferencedBufferSize(*sample));
    widest = std::max(widest, bytes / sample->length());
  }
  return std::clamp<int64_t>(page_size / widest, 1, 1024);
}

arrow::Result<std::shared_ptr<parquet::WriterProperties>> MakeProperties(
    const ColumnLayouts& layouts, const arrow::Table& table,
    const parquet::SchemaDescriptor& leaves, const WriteOptions& options) {
  const int64_t rows_per_page = options.rows_per_page.value_or(
      options.layout == FileLayout::kSize     ? WriteOptions::kPageRowsForSize
      : options.layout == FileLayout::kAccess ? WriteOptions::kPageRowsForAccess
                                              : WriteOptions::kPageRows);
  const int64_t page_size = options.layout == FileLayout::kSize ? kLargePage : kSmallPage;
  ARROW_ASSIGN_OR_RAISE(const int64_t rows_at_once, RowsAtOnce(table, page_size));
  parquet::WriterProperties::Builder builder;
  builder.max_row_group_length(options.rows_per_group)
      ->write_batch_size(std::min(rows_per_page, rows_at_once))
      ->max_rows_per_page(rows_per_page)
      ->data_pagesize(page_size)
      ->enable_write_page_index()
      ->enable_page_checksum()
      ->memory_pool(BlockPool());
  for (int i = 0; i < leaves.num_columns(); ++i) {
    const std::string path = leaves.Column(i)->path()->ToDotString();
    const ColumnLayout& layout = layouts[static_cast<size_t>(i)];
    builder.encoding(path, layout.encoding)->compression(path, layout.codec);
    if (layout.has_dictionary) {
      builder.enable_dictionary(path);
    } else {
      builder.disable_dictionary(path);
    }
    if (options.compression_level && layout.codec == options.codec.value_or(Compression::ZSTD)) {
      builder.compression_level(path, *options.compression_level);
    } else if (layout.codec == Compression::ZSTD) {
      builder.compression_level(path, WriteOptions::kZstdLevel);
    }
  }
  return builder.build();
}

/// Rows from all parts of the first row group, so many as do not take much memory.
arrow::Result<std::shared_ptr<arrow::Table>> Sample(const arrow::Table& table,
                                                    const WriteOptions& options) {
  const int64_t all = std::min(table.num_rows(), options.rows_per_group);
  if (all == 0) return table.Slice(0, 0);
  ARROW_ASSIGN_OR_RAISE(const int64_t bytes,
                        arrow::util::ReferencedBufferSize(*table.Slice(0, all)));
  const int64_t affordable = all * kSampleBytes / std::max(bytes, kSampleBytes);
  const int64_t wanted = std::clamp<int64_t>(affordable, 1, kSlices * kSliceRows);
  if (wanted >= all) return table.Slice(0, all);
  const int64_t rows = (wanted + kSlices - 1) / kSlices;
  std::vector<std::shared_ptr<arrow::Table>> slices;
  for (int64_t i = 0; i < kSlices; ++i) {
    slices.push_back(table.Slice((all - rows) * i / (kSlices - 1), rows));
  }
  return arrow::ConcatenateTables(slices);
}

/// The bytes of each leaf of `sample`, written in these layouts.
arrow::Result<std::vector<int64_t>> SizesIn(const ColumnLayouts& layouts,
                                            const arrow::Table& sample,
                                            const parquet::SchemaDescriptor& leaves,
                                            const WriteOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto properties, MakeProperties(layouts, sample, leaves, options));
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create(1 << 16, BlockPool()));
  ARROW_ASSIGN_OR_RAISE(auto writer, parquet::arrow::FileWriter::Open(*sample.schema(), BlockPool(),
                                                                      sink, properties));
  ARROW_RETURN_NOT_OK(writer->NewRowGroup());
  for (const auto& column : sample.columns()) ARROW_RETURN_NOT_OK(writer->WriteColumnChunk(column));
  ARROW_RETURN_NOT_OK(writer->Close());
  const auto group = writer->metadata()->RowGroup(0);
  std::vector<int64_t> sizes;
  for (int i = 0; i < leaves.num_columns(); ++i) {
    sizes.push_back(group->ColumnChunk(i)->total_compressed_size());
  }
  return sizes;
}

/// For each leaf, the layout that is read the fastest of those that take hardly more room than the
/// smallest.
arrow::Result<ColumnLayouts> CheapestLayouts(const ColumnLayouts& packed, const arrow::Table& table,
                                             const parquet::SchemaDescriptor& leaves,
                                             const WriteOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto sample, Sample(table, options));
  // In the order of the time that reading takes.
  std::vector<ColumnLayouts> ways(4, packed);
  for (size_t i = 0; i < packed.size(); ++i) {
    ways[0][i] =
        LayoutIn(Compression::UNCOMPRESSED, packed[i], *leaves.Column(static_cast<int>(i)));
    // Uncompressed, split bytes are only slower to read than PLAIN ones.
    ways[1][i] = ways[0][i];
    if (packed[i].encoding == parquet::Encoding::DELTA_BINARY_PACKED) ways[1][i] = packed[i];
    ways[2][i].codec = Compression::LZ4;
    ways[3][i].codec = Compression::ZSTD;
  }
  std::vector<std::vector<int64_t>> sizes;
  for (const ColumnLayouts& way : ways) {
    ARROW_ASSIGN_OR_RAISE(sizes.emplace_back(), SizesIn(way, *sample, leaves, options));
  }
  ColumnLayouts chosen = packed;
  for (size_t i = 0; i < packed.size(); ++i) {
    const auto size_in = [&](size_t way) { return static_cast<double>(sizes[way][i]); };
    double least = size_in(0);
    for (size_t way = 1; way < ways.size(); ++way) least = std::min(least, size_in(way));
    const bool has_lists = leaves.Column(static_cast<int>(i))->max_repetition_level() > 0;
    const auto allowed = [&](size_t way) {
      return options.layout == FileLayout::kAccess    ? WriteOptions::kAllowedForAccess
             : ways[way][i].codec == Compression::LZ4 ? WriteOptions::kAllowedInLz4
             : has_lists                              ? WriteOptions::kAllowedOfLists
                                                      : WriteOptions::kAllowed;
    };
    size_t way = 0;
    while (size_in(way) > allowed(way) * least) ++way;
    // Nothing is gained by a codec that only copies.
    for (size_t plainer = 0; plainer < way; ++plainer) {
      if (size_in(way) > WriteOptions::kWorthwhile * size_in(plainer)) way = plainer;
    }
    chosen[i] = ways[way][i];
  }
  return chosen;
}

}  // namespace

arrow::Result<std::shared_ptr<parquet::WriterProperties>> ChooseLayouts(
    const arrow::Table& table, const parquet::SchemaDescriptor& leaves,
    const WriteOptions& options) {
  ColumnLayouts layouts;
  for (int i = 0; i < leaves.num_columns(); ++i) {
    layouts.push_back(PackedLayout(*leaves.Column(i), table, options));
  }
  if (options.codec || options.layout == FileLayout::kSize) {
    const Compression::type codec = options.codec.value_or(Compression::ZSTD);
    for (int i = 0; i < leaves.num_columns(); ++i) {
      ColumnLayout& layout = layouts[static_cast<size_t>(i)];
      layout = LayoutIn(codec, layout, *leaves.Column(i));
    }
  } else {
    ARROW_ASSIGN_OR_RAISE(layouts, CheapestLayouts(layouts, table, leaves, options));
  }
  return MakeProperties(layouts, table, leaves, options);
}

arrow::Result<std::shared_ptr<parquet::WriterProperties>> LayoutLike(
    const parquet::ColumnChunkMetaData& stored, const arrow::Table& table,
    const parquet::SchemaDescriptor& leaves, const WriteOptions& options) {
  const bool was_packed =
      std::ranges::find(stored.encodings(), parquet::Encoding::DELTA_BINARY_PACKED) !=
      stored.encodings().end();
  ColumnLayouts layouts;
  for (int i = 0; i < leaves.num_columns(); ++i) {
    const parquet::ColumnDescriptor& leaf = *leaves.Column(i);
    const ColumnLayout packed = PackedLayout(leaf, table, options);
    layouts.push_back(LayoutIn(stored.compression(), packed, leaf));
    if (was_packed && IsInteger(leaf.physical_type())) layouts.back().encoding = packed.encoding;
  }
  return MakeProperties(layouts, table, leaves, options);
}

}  // namespace usdparquet
