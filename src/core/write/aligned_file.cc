#include "core/write/aligned_file.h"

#include <arrow/ipc/writer.h>
#include <arrow/util/base64.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/schema.h>
#include <parquet/column_writer.h>
#include <parquet/exception.h>
#include <parquet/file_writer.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/schema.h>

#include <string>
#include <utility>

#include "core/util/block_memory.h"
#include "core/write/aligned_pages.h"

namespace usdparquet {
namespace {

/// What the row groups of a file write to.
struct Output {
  std::shared_ptr<arrow::io::OutputStream> sink;
  std::shared_ptr<parquet::WriterProperties> properties;
  std::unique_ptr<parquet::PageIndexBuilder> indexes;  ///< null without a page index
};

/// Of a row group or a column, which only encryption uses.
constexpr int16_t kNoOrdinal = -1;

/// A row group whose columns are written one after the other.
class RowGroup : public parquet::RowGroupWriter::Contents {
 public:
  RowGroup(Output* output, parquet::RowGroupMetaDataBuilder* metadata)
      : output_(*output), metadata_(metadata) {}

  int num_columns() const override { return metadata_->num_columns(); }

  int64_t num_rows() const override {
    if (column_) CheckRows();
    return rows_;
  }

  parquet::ColumnWriter* NextColumn() override {
    CloseColumn();
    parquet::ColumnChunkMetaDataBuilder* const chunk = metadata_->NextColumnChunk();
    column_ = parquet::ColumnWriter::Make(chunk, PagesOf(chunk), output_.properties.get());
    return column_.get();
  }

  parquet::ColumnWriter* column(int) override {
    throw parquet::ParquetException("this row group is not buffered");
  }

  int current_column() const override { return metadata_->current_column(); }

  void Close() override {
    if (std::exchange(is_closed_, true)) return;
    CloseColumn();
    metadata_->set_num_rows(rows_);
    metadata_->Finish(bytes_);
  }

  int64_t total_bytes_written() const override {
    return bytes_ + (column_ ? column_->total_bytes_written() : 0);
  }
  int64_t total_compressed_bytes() const override {
    return column_ ? column_->total_compressed_bytes() : 0;
  }
  int64_t total_compressed_bytes_written() const override {
    return compressed_ + (column_ ? column_->total_compressed_bytes_written() : 0);
  }
  parquet::RowGroupWriter::BufferedStats EstimatedBufferedStats() const override { return {}; }
  bool buffered() const override { return false; }

 private:
  std::unique_ptr<parquet::PageWriter> PagesOf(parquet::ColumnChunkMetaDataBuilder* chunk) const {
    const parquet::ColumnDescriptor& leaf = *chunk->descr();
    const parquet::WriterProperties& properties = *output_.properties;
    const auto codec = properties.compression(leaf.path());
    const auto codec_options = properties.codec_options(leaf.path());
    const bool has_checksums = properties.page_checksum_enabled();
    const int column = metadata_->current_column();
    const auto make = [=](std::shared_ptr<arrow::io::OutputStream> sink,
                          parquet::ColumnIndexBuilder* column_index,
                          parquet::OffsetIndexBuilder* offset_index) {
      return parquet::PageWriter::Open(
          std::move(sink), codec, chunk, kNoOrdinal, kNoOrdinal, BlockPool(),
          /*buffered_row_group=*/false, nullptr, nullptr, has_checksums, column_index, offset_index,
          codec_options ? *codec_options : parquet::CodecOptions());
    };
    const bool has_index = output_.indexes && properties.page_index_enabled(leaf.path());
    auto writer =
        make(output_.sink, has_index ? output_.indexes->GetColumnIndexBuilder(column) : nullptr,
             has_index ? output_.indexes->GetOffsetIndexBuilder(column) : nullptr);
    if (!has_index || !CanAlignPages(leaf, properties)) return writer;
    return AlignPages(std::move(writer), output_.sink, leaf, make);
  }

  void CheckRows() const {
    const int64_t rows = column_->rows_written();
    if (has_rows_ && rows != rows_) {
      throw parquet::ParquetException("column " + std::to_string(metadata_->current_column()) +
                                      " has " + std::to_string(rows) + " rows, others " +
                                      std::to_string(rows_));
    }
    rows_ = rows;
    has_rows_ = true;
  }

  void CloseColumn() {
    if (!column_) return;
    CheckRows();
    bytes_ += column_->Close();
    compressed_ += column_->total_compressed_bytes_written();
    column_.reset();
  }

  const Output& output_;
  parquet::RowGroupMetaDataBuilder* const metadata_;
  std::shared_ptr<parquet::ColumnWriter> column_;
  mutable int64_t rows_ = 0;
  mutable bool has_rows_ = false;
  int64_t bytes_ = 0, compressed_ = 0;
  bool is_closed_ = false;
};

/// A file of such row groups.
class File : public parquet::ParquetFileWriter::Contents {
 public:
  File(std::shared_ptr<parquet::schema::GroupNode> schema,
       std::shared_ptr<const arrow::KeyValueMetadata> entries,
       std::shared_ptr<arrow::io::OutputStream> sink,
       std::shared_ptr<parquet::WriterProperties> properties)
      : Contents(std::move(schema), std::move(entries)) {
    output_.sink = std::move(sink);
    output_.properties = std::move(properties);
    if (output_.properties->page_index_enabled()) {
      output_.indexes = parquet::PageIndexBuilder::Make(&schema_);
    }
    metadata_ = parquet::FileMetaDataBuilder::Make(&schema_, output_.properties);
    PARQUET_THROW_NOT_OK(output_.sink->Write(parquet::kParquetMagic, 4));
  }

  void Close() override {
    if (std::exchange(is_closed_, true)) return;
    CloseGroup();
    if (output_.indexes) {
      output_.indexes->Finish();
      const auto written = output_.indexes->WriteTo(output_.sink.get());
      metadata_->SetIndexLocations(parquet::IndexKind::kColumnIndex,
                                   written.column_index_locations);
      metadata_->SetIndexLocations(parquet::IndexKind::kOffsetIndex,
                                   written.offset_index_locations);
    }
    file_metadata_ = metadata_->Finish(key_value_metadata_);
    parquet::WriteFileMetaData(*file_metadata_, output_.sink.get());
  }

  parquet::RowGroupWriter* AppendRowGroup() override {
    CloseGroup();
    if (output_.indexes) output_.indexes->AppendRowGroup();
    group_ = std::make_unique<parquet::RowGroupWriter>(
        std::make_unique<RowGroup>(&output_, metadata_->AppendRowGroup()));
    ++num_groups_;
    return group_.get();
  }

  parquet::RowGroupWriter* AppendBufferedRowGroup() override {
    throw parquet::ParquetException("this file has no buffered row groups");
  }

  int64_t num_rows() const override { return rows_; }
  int num_columns() const override { return schema_.num_columns(); }
  int num_row_groups() const override { return num_groups_; }
  const std::shared_ptr<parquet::WriterProperties>& properties() const override {
    return output_.properties;
  }

  void AddKeyValueMetadata(const std::shared_ptr<const arrow::KeyValueMetadata>& entries) override {
    if (!entries) return;
    key_value_metadata_ = key_value_metadata_ ? key_value_metadata_->Merge(*entries) : entries;
  }

 private:
  void CloseGroup() {
    if (!group_) return;
    group_->Close();
    rows_ += group_->num_rows();
    group_.reset();
  }

  Output output_;
  std::unique_ptr<parquet::FileMetaDataBuilder> metadata_;
  std::unique_ptr<parquet::RowGroupWriter> group_;
  int num_groups_ = 0;
  int64_t rows_ = 0;
  bool is_closed_ = false;
};

/// The entry with which readers of Arrow find the types of the schema as they were.
arrow::Result<std::shared_ptr<const arrow::KeyValueMetadata>> SchemaEntries(
    const arrow::Schema& schema) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, arrow::ipc::SerializeSchema(schema, BlockPool()));
  const auto entries =
      schema.metadata() ? schema.metadata()->Copy() : std::make_shared<arrow::KeyValueMetadata>();
  entries->Append("ARROW:schema", arrow::util::base64_encode(bytes->ToString()));
  return entries;
}

}  // namespace

arrow::Result<std::unique_ptr<parquet::arrow::FileWriter>> OpenAlignedFile(
    const std::shared_ptr<arrow::Schema>& schema, std::shared_ptr<arrow::io::OutputStream> sink,
    const std::shared_ptr<parquet::WriterProperties>& properties,
    const std::shared_ptr<parquet::ArrowWriterProperties>& arrow_properties) {
  std::shared_ptr<parquet::SchemaDescriptor> leaves;
  ARROW_RETURN_NOT_OK(
      parquet::arrow::ToParquetSchema(schema.get(), *properties, *arrow_properties, &leaves));
  std::shared_ptr<const arrow::KeyValueMetadata> entries;
  if (arrow_properties->store_schema()) {
    ARROW_ASSIGN_OR_RAISE(entries, SchemaEntries(*schema));
  }
  auto file = std::make_unique<parquet::ParquetFileWriter>();
  file->Open(std::make_unique<File>(
      std::static_pointer_cast<parquet::schema::GroupNode>(leaves->schema_root()),
      std::move(entries), std::move(sink), properties));
  std::unique_ptr<parquet::arrow::FileWriter> writer;
  ARROW_RETURN_NOT_OK(parquet::arrow::FileWriter::Make(BlockPool(), std::move(file), schema,
                                                       arrow_properties, &writer));
  return writer;
}

}  // namespace usdparquet
