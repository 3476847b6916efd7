#include "core/table/file_storage.h"

#include <arrow/type.h>
#include <arrow/util/compression.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/schema.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <algorithm>
#include <cctype>

#include "core/pages/chunk_range.h"
#include "core/table/table_file.h"
#include "core/util/claimed_sum.h"
#include "core/util/guard.h"
#include "core/util/message_text.h"

namespace usdparquet {
namespace {

using parquet::arrow::SchemaField;

void NumberLeaves(const SchemaField& field, int column, std::vector<int>* column_of_leaf) {
  if (field.is_leaf()) (*column_of_leaf)[static_cast<size_t>(field.column_index)] = column;
  for (const SchemaField& child : field.children) NumberLeaves(child, column, column_of_leaf);
}

/// As Parquet writes it, not Arrow, which has two names for what Parquet calls LZ4.
std::string CodecName(arrow::Compression::type codec) {
  if (codec == arrow::Compression::LZ4) return "LZ4";
  std::string name = arrow::util::Codec::GetCodecAsString(codec);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

arrow::Status AddChunk(const parquet::FileMetaData& metadata,
                       const parquet::RowGroupMetaData& row_group, int leaf, int64_t file_size,
                       ColumnStorage* column) {
  const auto meta = row_group.ColumnChunk(leaf);
  const parquet::ColumnChunkMetaData& chunk = *meta;
  const int64_t stored = chunk.total_compressed_size();
  const int64_t decompressed = chunk.total_uncompressed_size();
  if (stored < 0 || stored > file_size || decompressed < 0) {
    return arrow::Status::Invalid(stored, " bytes, ", decompressed,
                                  " when decompressed, in a file of ", file_size, " bytes");
  }
  const int64_t values = chunk.num_values(), rows = row_group.num_rows();
  if (metadata.schema()->Column(leaf)->max_repetition_level() == 0 && values != rows) {
    return arrow::Status::Invalid(values, " values, but the row group has ", rows, " rows");
  }
  // Writers place the chunk of an empty row group anywhere.
  if (rows > 0) ARROW_RETURN_NOT_OK(RangeOfChunk(metadata, chunk, file_size));
  column->codecs.insert(CodecName(chunk.compression()));
  for (const auto encoding : chunk.encodings()) {
    column->encodings.insert(parquet::EncodingToString(encoding));
  }
  column->stored_bytes = ClaimedSum(column->stored_bytes, stored);
  column->decompressed_bytes = ClaimedSum(column->decompressed_bytes, decompressed);
  if (!chunk.GetOffsetIndexLocation()) column->has_offset_index = false;
  return arrow::Status::OK();
}

arrow::Result<FileStorage> Read(std::shared_ptr<arrow::io::RandomAccessFile> file) {
  ARROW_ASSIGN_OR_RAISE(const int64_t file_size, file->GetSize());
  ARROW_ASSIGN_OR_RAISE(const TableFile opened, TableFile::Open(std::move(file)));
  const parquet::FileMetaData& metadata = *opened.metadata();
  parquet::arrow::SchemaManifest manifest;
  ARROW_RETURN_NOT_OK(
      parquet::arrow::SchemaManifest::Make(metadata.schema(), metadata.key_value_metadata(),
                                           parquet::ArrowReaderProperties(), &manifest));
  FileStorage storage;
  storage.num_rows = opened.num_rows();
  storage.num_row_groups = metadata.num_row_groups();
  storage.created_by = MessageText(metadata.created_by());
  storage.is_sealed = opened.is_sealed();
  storage.has_page_locations = opened.locations() != nullptr;
  std::vector<int> column_of_leaf(static_cast<size_t>(metadata.num_columns()), -1);
  for (const SchemaField& field : manifest.schema_fields) {
    NumberLeaves(field, static_cast<int>(storage.columns.size()), &column_of_leaf);
    ColumnStorage column;
    column.name = field.field->name();
    column.type = field.field->type()->ToString();
    column.has_offset_index = storage.num_row_groups > 0;
    storage.columns.push_back(std::move(column));
  }
  for (int group = 0; group < storage.num_row_groups; ++group) {
    const auto row_group = metadata.RowGroup(group);
    for (size_t leaf = 0; leaf < column_of_leaf.size(); ++leaf) {
      if (column_of_leaf[leaf] < 0) continue;
      ColumnStorage& column = storage.columns[static_cast<size_t>(column_of_leaf[leaf])];
      const arrow::Status added = Guarded([&] {
        return AddChunk(metadata, *row_group, static_cast<int>(leaf), file_size, &column);
      });
      if (!added.ok()) {
        if (added.IsOutOfMemory()) return added;
        if (!column.problem.empty()) continue;
        column.problem =
            MessageText("column '" + column.name + "', row group " + std::to_string(group) +
                        ": what the footer says of it is "
                        "damaged: " +
                        added.message());
      }
    }
  }
  if (const auto& pairs = metadata.key_value_metadata()) {
    for (int64_t i = 0; i < pairs->size(); ++i) {
      storage.key_values.emplace_back(pairs->key(i), pairs->value(i));
    }
  }
  return storage;
}

}  // namespace

arrow::Result<FileStorage> ReadFileStorage(std::shared_ptr<arrow::io::RandomAccessFile> file) {
  return Guarded([&] { return Read(std::move(file)); }, "the file is damaged: ");
}

}  // namespace usdparquet
