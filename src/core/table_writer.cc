#include "table_writer.h"

#include <arrow/array.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/io/file.h>
#include <arrow/memory_pool.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_writer.h>
#include <parquet/schema.h>

#include <algorithm>
#include <filesystem>
#include <unordered_set>

#include "message_text.h"
#include "namespace_order.h"
#include "path_index_file.h"
#include "replace_file.h"

namespace usdparquet {
namespace {

/// Whether most values of a column differ, as a look at its first rows tells: then a
/// dictionary only adds to it.
bool IsMostlyDistinct(const arrow::ChunkedArray& column) {
  constexpr int64_t kSample = 10000;
  const auto views = StringViews(*column.Slice(0, kSample));
  if (!views.ok() || views->empty()) return false;
  const std::unordered_set<std::string_view> distinct(views->begin(), views->end());
  return distinct.size() * 2 > views->size();
}

bool IsNumber(parquet::Type::type type) {
  return type == parquet::Type::INT32 || type == parquet::Type::INT64 ||
         type == parquet::Type::FLOAT || type == parquet::Type::DOUBLE;
}

/// The encoding of each leaf. What was measured is in docs/performance.md.
arrow::Result<std::shared_ptr<parquet::WriterProperties>> MakeProperties(
    const arrow::Table& table, const WriteOptions& options,
    const parquet::ArrowWriterProperties& arrow_properties) {
  parquet::WriterProperties::Builder builder;
  builder.compression(options.codec)
      ->max_row_group_length(options.rows_per_group)
      ->write_batch_size(std::min<int64_t>(options.rows_per_page, 1024))
      ->max_rows_per_page(options.rows_per_page)
      ->enable_write_page_index()
      ->enable_page_checksum();
  if (options.compression_level) {
    builder.compression_level(*options.compression_level);
  } else if (options.codec == arrow::Compression::ZSTD) {
    builder.compression_level(WriteOptions::kZstdLevel);
  }

  std::shared_ptr<parquet::SchemaDescriptor> leaves;
  ARROW_RETURN_NOT_OK(parquet::arrow::ToParquetSchema(table.schema().get(), *builder.build(),
                                                      arrow_properties, &leaves));
  for (int i = 0; i < leaves->num_columns(); ++i) {
    const parquet::ColumnDescriptor& leaf = *leaves->Column(i);
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
      case parquet::Type::FIXED_LEN_BYTE_ARRAY:
        encode(parquet::Encoding::BYTE_STREAM_SPLIT);
        break;
      case parquet::Type::INT32:
      case parquet::Type::INT64:
        encode(parquet::Encoding::DELTA_BINARY_PACKED);
        break;
      case parquet::Type::BYTE_ARRAY: {
        const auto column = table.GetColumnByName(path);
        if (path == options.path_column) {
          encode(parquet::Encoding::DELTA_BYTE_ARRAY);
        } else if (column && IsMostlyDistinct(*column)) {
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

/// The table's own metadata without what the written file gets anew.
std::shared_ptr<arrow::Schema> CleanSchema(const arrow::Schema& schema) {
  if (!schema.metadata()) return schema.RemoveMetadata();
  auto metadata = schema.metadata()->Copy();
  if (metadata->Contains(kIndexKey)) (void)metadata->Delete(kIndexKey);
  return schema.WithMetadata(metadata);
}

/// Rows [begin, begin + count) of `order`, gathered from `table`; a slice where nothing moves.
arrow::Result<std::shared_ptr<arrow::Table>> Gather(const arrow::Table& table,
                                                    const std::vector<uint32_t>& order,
                                                    bool is_reordered, int64_t begin,
                                                    int64_t count) {
  if (!is_reordered) return table.Slice(begin, count);
  const arrow::UInt32Array indices(
      count, arrow::Buffer::Wrap(order.data() + begin, static_cast<size_t>(count)));
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum taken,
                        arrow::compute::Take(arrow::Datum(table), arrow::Datum(indices.data())));
  return taken.table();
}

arrow::Status WriteIndex(const IndexedPaths& indexed, uint64_t fingerprint,
                         arrow::io::OutputStream* sink, parquet::arrow::FileWriter* writer,
                         WriteSummary* summary) {
  const std::string bytes = PathIndexFile::Serialize(indexed.index, indexed.report, fingerprint);
  ARROW_ASSIGN_OR_RAISE(int64_t offset, sink->Tell());
  const int64_t padding = -offset & (PathIndexFile::kAlignment - 1);
  ARROW_RETURN_NOT_OK(sink->Write(std::string(static_cast<size_t>(padding), '\0')));
  offset += padding;
  ARROW_RETURN_NOT_OK(sink->Write(bytes));
  summary->index_bytes = static_cast<int64_t>(bytes.size());
  return writer->AddKeyValueMetadata(
      arrow::key_value_metadata({kIndexKey}, {PathIndexFile::Locator(offset, bytes)}));
}

arrow::Result<WriteSummary> WriteTo(const std::shared_ptr<arrow::io::OutputStream>& sink,
                                    const arrow::Table& table, const WriteOptions& options) {
  const int path_field = table.schema()->GetFieldIndex(options.path_column);
  if (path_field < 0) {
    return arrow::Status::Invalid("the table has no column '", options.path_column,
                                  "' with the prim paths");
  }
  auto paths_or = StringViews(*table.column(path_field));
  if (!paths_or.ok()) {
    return arrow::Status::Invalid("the path column '", options.path_column, "' ",
                                  paths_or.status().message());
  }
  const std::vector<std::string_view> paths = std::move(*paths_or);
  ARROW_ASSIGN_OR_RAISE(IndexedPaths indexed, IndexPaths(paths, options.unicode_test));
  const std::vector<uint32_t> order = NamespaceOrder(paths, indexed);

  WriteSummary summary;
  summary.rows = table.num_rows();
  summary.was_reordered = !std::is_sorted(order.begin(), order.end());
  summary.num_invalid = indexed.report.num_invalid;
  summary.num_duplicates = indexed.report.num_duplicates;

  const auto schema = CleanSchema(*table.schema());
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  ARROW_ASSIGN_OR_RAISE(const auto properties, MakeProperties(table, options, *arrow_properties));
  ARROW_ASSIGN_OR_RAISE(auto writer,
                        parquet::arrow::FileWriter::Open(*schema, arrow::system_memory_pool(), sink,
                                                         properties, arrow_properties));
  PathIndexFile::Fingerprint fingerprint;
  for (int64_t begin = 0; begin < table.num_rows(); begin += options.rows_per_group) {
    const int64_t count = std::min(options.rows_per_group, table.num_rows() - begin);
    ARROW_ASSIGN_OR_RAISE(const auto group,
                          Gather(table, order, summary.was_reordered, begin, count));
    ARROW_RETURN_NOT_OK(writer->NewRowGroup());
    for (int i = 0; i < group->num_columns(); ++i) {
      ARROW_ASSIGN_OR_RAISE(const int64_t before, sink->Tell());
      ARROW_RETURN_NOT_OK(writer->WriteColumnChunk(group->column(i)));
      ARROW_ASSIGN_OR_RAISE(const int64_t after, sink->Tell());
      if (i == path_field) fingerprint.Add(count, before, after - before);
    }
    if (options.progress) options.progress(begin + count, table.num_rows());
  }
  if (options.has_index) {
    if (summary.was_reordered) {  // the index at hand is of the old row numbers
      std::vector<std::string_view> ordered(paths.size());
      for (size_t i = 0; i < order.size(); ++i) ordered[i] = paths[order[i]];
      ARROW_ASSIGN_OR_RAISE(indexed, IndexPaths(ordered, options.unicode_test));
    }
    ARROW_RETURN_NOT_OK(
        WriteIndex(indexed, fingerprint.value(), sink.get(), writer.get(), &summary));
  }
  ARROW_RETURN_NOT_OK(writer->Close());
  const parquet::FileMetaData& metadata = *writer->metadata();
  const int leaf = metadata.schema()->ColumnIndex(options.path_column);
  if (options.has_index && PathIndexFile::FingerprintOf(metadata, leaf) != fingerprint.value()) {
    return arrow::Status::UnknownError("the path column lies elsewhere than it was written");
  }
  ARROW_ASSIGN_OR_RAISE(summary.bytes, sink->Tell());
  return summary;
}

arrow::Status WithFile(const arrow::Status& status, const std::string& path) {
  return status.WithMessage(path, ": ", status.message());
}

}  // namespace

arrow::Result<WriteSummary> WriteTable(const arrow::Table& table, const std::string& path,
                                       const WriteOptions& options) {
  if (options.rows_per_page < 1 || options.rows_per_group < 1) {
    return arrow::Status::Invalid(path, ": pages and row groups need at least one row");
  }
  ReplaceFile file(path);
  const auto write = [&]() -> arrow::Result<WriteSummary> {
    ARROW_ASSIGN_OR_RAISE(auto sink, file.Open());
    ARROW_ASSIGN_OR_RAISE(const WriteSummary summary, WriteTo(sink, table, options));
    ARROW_RETURN_NOT_OK(file.Commit());
    return summary;
  };
  try {
    auto summary = write();
    return summary.ok() ? summary : arrow::Result<WriteSummary>(WithFile(summary.status(), path));
  } catch (const std::exception& e) {  // Arrow's Parquet classes throw
    return arrow::Status::IOError(path, ": ", MessageText(e.what()));
  }
}

arrow::Result<WriteSummary> OptimizeFile(const std::string& input, const std::string& output,
                                         const WriteOptions& options) {
  const auto read = [&]() -> arrow::Result<std::shared_ptr<arrow::Table>> {
    ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(input));
    ARROW_ASSIGN_OR_RAISE(auto reader, parquet::arrow::OpenFile(file, arrow::system_memory_pool()));
    return reader->ReadTable();
  };
  std::shared_ptr<arrow::Table> table;
  try {
    auto result = read();
    if (!result.ok()) return WithFile(result.status(), input);
    table = std::move(*result);
  } catch (const std::exception& e) {
    return arrow::Status::IOError(input, ": ", MessageText(e.what()));
  }
  return WriteTable(*table, output, options);
}

}  // namespace usdparquet
