#include "core/write/table_file_writer.h"

#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/type_traits.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/schema.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "core/index/path_index_file.h"
#include "core/index/time_index_file.h"
#include "core/pages/page_locations.h"
#include "core/schema/schema_entry.h"
#include "core/sections/footer_seal.h"
#include "core/sections/residual_blob.h"
#include "core/sections/section.h"
#include "core/util/block_memory.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"
#include "core/util/limits.h"
#include "core/util/message_text.h"
#include "core/util/padding.h"
#include "core/write/aligned_file.h"
#include "core/write/column_layouts.h"
#include "core/write/seal_file.h"

namespace usdparquet {
namespace {

/// A schema without the entries that the writer makes itself, however often they are there. Arrow
/// takes its own out where it reads a file, but the first alone.
std::shared_ptr<arrow::Schema> CleanSchema(const arrow::Schema& schema) {
  if (!schema.metadata()) return schema.RemoveMetadata();
  constexpr std::string_view kOwn[] = {kIndexKey,    kTimesKey,  kPagesKey,     kSealKey,
                                       kResidualKey, kSchemaKey, "ARROW:schema"};
  auto kept = std::make_shared<arrow::KeyValueMetadata>();
  for (int64_t i = 0; i < schema.metadata()->size(); ++i) {
    const std::string& key = schema.metadata()->key(i);
    if (std::ranges::find(kOwn, key) != std::end(kOwn)) continue;
    kept->Append(key, schema.metadata()->value(i));
  }
  return schema.WithMetadata(std::move(kept));
}

/// Whether readers find the same types in Parquet's own schema as in Arrow's, which then is only a
/// part of the file that every opening takes time for. Arrow writes metadata only with its schema.
bool IsToldByParquet(const arrow::Schema& schema, const parquet::SchemaDescriptor& stored) {
  if (schema.HasMetadata() && schema.metadata()->size() > 0) return false;
  const auto has_metadata = [](const auto& field) { return field->HasMetadata(); };
  if (std::any_of(schema.fields().begin(), schema.fields().end(), has_metadata)) return false;
  std::shared_ptr<arrow::Schema> told;
  return parquet::arrow::FromParquetSchema(&stored, &told).ok() &&
         told->Equals(schema, /*check_metadata=*/false);
}

/// Refuses a cell that no reader would take back: a page holds whole cells, and one of so many
/// values in so few bytes looks like a file made to harm. `stored` is the size of the chunk.
/// A page ends behind the cell with which it has a mebibyte: so many values may come before, of
/// which 128 take five bytes, and their levels.
arrow::Status CheckLargestCell(const std::string& name, const arrow::ChunkedArray& column,
                               int64_t first_row, int64_t stored) {
  if (column.type()->id() != arrow::Type::LIST) return arrow::Status::OK();
  const auto& list = static_cast<const arrow::ListType&>(*column.type());
  int64_t components = 1;
  const arrow::DataType* value = list.value_type().get();
  while (value->id() == arrow::Type::FIXED_SIZE_LIST) {
    const auto& tuple = static_cast<const arrow::FixedSizeListType&>(*value);
    components *= tuple.list_size();
    value = tuple.value_type().get();
  }
  const int64_t width = arrow::is_primitive(value->id()) ? (value->bit_width() + 7) / 8 : 4;
  constexpr int64_t kMostBefore = (int64_t{1} << 20) / 5 * 128, kLevels = int64_t{8} << 20;
  int64_t before = 0;
  for (const auto& chunk : column.chunks()) {
    const auto& cells = static_cast<const arrow::ListArray&>(*chunk);
    for (int64_t i = 0; i < cells.length(); ++i, ++first_row) {
      const int64_t values = int64_t{cells.value_length(i)} * components;
      if (values + std::min(before, kMostBefore) > MaxPageValues(stored, true) ||
          values * width + kLevels > MaxPageSize(stored)) {
        return arrow::Status::CapacityError(
            "column '", name, "', row ", first_row, ": an array of ", values,
            " numbers that take no more than ", stored,
            " bytes is larger than what a reader may make of a page (docs/limits.md); split it");
      }
      before += values;
    }
  }
  return arrow::Status::OK();
}

/// Runs `f`, whose errors get the file's name.
template <typename F>
auto Named(const std::string& path, F f) -> decltype(f()) {
  return WithFileName(Guarded(f), path);
}

}  // namespace

TableFileWriter::TableFileWriter(const std::string& path, const WriteOptions& options)
    : path_(path),
      options_(options),
      file_(path),
      keys_(path, options.time_column, options.memory / 8) {}

TableFileWriter::~TableFileWriter() = default;

std::string TableFileWriter::SidePath(std::string_view name) const { return file_.SidePath(name); }

arrow::Result<std::unique_ptr<TableFileWriter>> TableFileWriter::Open(
    const std::string& path, const arrow::Table& first_rows, const WriteOptions& options) {
  if (options.rows_per_page.value_or(1) < 1 || options.rows_per_group < 1) {
    return arrow::Status::Invalid(path, ": pages and row groups need at least one row");
  }
  std::unique_ptr<TableFileWriter> writer(new TableFileWriter(path, options));
  ARROW_RETURN_NOT_OK(Named(path, [&] { return writer->Begin(first_rows); }));
  return writer;
}

arrow::Status TableFileWriter::Begin(const arrow::Table& first_rows) {
  path_field_ = first_rows.schema()->GetFieldIndex(options_.path_column);
  if (path_field_ < 0) {
    return arrow::Status::Invalid("the table has no column '", options_.path_column,
                                  "' with the prim paths");
  }
  if (!options_.time_column.empty()) {
    time_field_ = first_rows.schema()->GetFieldIndex(options_.time_column);
    if (time_field_ < 0) {
      return arrow::Status::Invalid("the table has no column '", options_.time_column,
                                    "' with the times");
    }
  }
  const auto schema = CleanSchema(*first_rows.schema());
  std::shared_ptr<parquet::SchemaDescriptor> stored;
  ARROW_RETURN_NOT_OK(parquet::arrow::ToParquetSchema(
      schema.get(), *parquet::default_writer_properties(), &stored));
  parquet::ArrowWriterProperties::Builder arrow_builder;
  if (options_.always_stores_schema || !IsToldByParquet(*schema, *stored)) {
    arrow_builder.store_schema();
  }
  const auto arrow_properties = arrow_builder.build();
  ARROW_ASSIGN_OR_RAISE(const auto properties, ChooseLayouts(first_rows, *stored, options_));
  ARROW_ASSIGN_OR_RAISE(sink_, file_.Open());
  ARROW_ASSIGN_OR_RAISE(writer_, OpenAlignedFile(schema, sink_, properties, arrow_properties));
  return arrow::Status::OK();
}

arrow::Status TableFileWriter::WriteGroup(const arrow::Table& rows) {
  return Named(path_, [&] { return Write(rows); });
}

arrow::Status TableFileWriter::Write(const arrow::Table& rows) {
  ARROW_RETURN_NOT_OK(writer_->NewRowGroup());
  for (int i = 0; i < rows.num_columns(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const int64_t before, sink_->Tell());
    ARROW_RETURN_NOT_OK(writer_->WriteColumnChunk(rows.column(i)));
    ARROW_ASSIGN_OR_RAISE(const int64_t after, sink_->Tell());
    ARROW_RETURN_NOT_OK(
        CheckLargestCell(rows.field(i)->name(), *rows.column(i), summary_.rows, after - before));
    if (i == path_field_) fingerprint_.Add(rows.num_rows(), before, after - before);
    if (i == time_field_) time_chunks_.push_back({rows.num_rows(), before, after - before});
  }
  ARROW_RETURN_NOT_OK(keys_.Add(*rows.column(path_field_),
                                time_field_ < 0 ? nullptr : rows.column(time_field_).get()));
  summary_.rows += rows.num_rows();
  return arrow::Status::OK();
}

arrow::Result<int64_t> TableFileWriter::WriteBlob(std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(int64_t offset, sink_->Tell());
  const std::string padding = PaddingAt(offset, kSectionAlignment);
  ARROW_RETURN_NOT_OK(sink_->Write(padding));
  ARROW_RETURN_NOT_OK(sink_->Write(bytes));
  return offset + static_cast<int64_t>(padding.size());
}

arrow::Status TableFileWriter::AddEntry(const std::string& key, const std::string& value) {
  return writer_->AddKeyValueMetadata(arrow::key_value_metadata({key}, {value}));
}

arrow::Status TableFileWriter::WriteSection(const std::string& key, const std::string& bytes) {
  ARROW_ASSIGN_OR_RAISE(const int64_t offset, WriteBlob(bytes));
  summary_.index_bytes += static_cast<int64_t>(bytes.size());
  return AddEntry(key, SectionEntry(offset, bytes));
}

arrow::Result<TableIndex> TableFileWriter::MakeIndex(const std::string& schema_json) {
  SchemaEntry entry;
  if (time_field_ >= 0 && !schema_json.empty()) {
    ARROW_ASSIGN_OR_RAISE(entry, ParseSchemaEntry(schema_json));
  }
  return keys_.MakeIndex(options_.unicode_test,
                         TimeCodesPerSecondOf(entry).value_or(TimeScale().codes_per_second));
}

arrow::Status TableFileWriter::WriteIndex(const TableIndex& index) {
  for (const auto& [rows, offset, size] : time_chunks_) fingerprint_.Add(rows, offset, size);
  const uint64_t fingerprint = fingerprint_.value();
  ARROW_RETURN_NOT_OK(WriteSection(
      kIndexKey, PathIndexFile::Serialize(index.paths, index.path_report, fingerprint)));
  if (!index.times) return arrow::Status::OK();
  return WriteSection(kTimesKey,
                      TimeIndexFile::Serialize(*index.times, index.time_report, fingerprint));
}

arrow::Result<WriteSummary> TableFileWriter::Finish(const Ending& ending) {
  return Named(path_, [&] { return End(ending); });
}

arrow::Result<WriteSummary> TableFileWriter::End(const Ending& ending) {
  {
    ARROW_ASSIGN_OR_RAISE(const TableIndex index, MakeIndex(ending.schema_json));
    if (options_.has_index) ARROW_RETURN_NOT_OK(WriteIndex(index));
    summary_.num_invalid = index.path_report.num_invalid;
    summary_.num_duplicates =
        index.times ? index.time_report.num_duplicates : index.path_report.num_duplicates;
  }
  if (options_.entries) ARROW_RETURN_NOT_OK(writer_->AddKeyValueMetadata(options_.entries));
  if (!ending.residual.empty()) {
    ARROW_ASSIGN_OR_RAISE(const int64_t offset, WriteBlob(ending.residual));
    ARROW_RETURN_NOT_OK(AddEntry(kResidualKey, ResidualLocator(offset, ending.residual)));
  }
  if (!ending.schema_json.empty()) ARROW_RETURN_NOT_OK(AddEntry(kSchemaKey, ending.schema_json));
  ARROW_RETURN_NOT_OK(writer_->AddKeyValueMetadata(WithUnsealedEntries(nullptr)));
  ARROW_RETURN_NOT_OK(writer_->Close());
  const parquet::FileMetaData& metadata = *writer_->metadata();
  const int leaf = metadata.schema()->ColumnIndex(options_.path_column);
  const int time_leaf = time_field_ < 0 ? -1 : metadata.schema()->ColumnIndex(options_.time_column);
  if (options_.has_index && FingerprintOf(metadata, leaf, time_leaf) != fingerprint_.value()) {
    return arrow::Status::UnknownError("the path column lies elsewhere than it was written");
  }
  ARROW_ASSIGN_OR_RAISE(summary_.bytes, SealFile(&file_, metadata, leaf, time_leaf));
  if (metadata.num_rows() > MaxFileRows(summary_.bytes)) {
    return arrow::Status::CapacityError(
        metadata.num_rows(), " rows, nearly all the same, would take ", summary_.bytes,
        " bytes, fewer than a reader believes (docs/limits.md): write smaller pages");
  }
  ARROW_RETURN_NOT_OK(file_.Commit());
  return summary_;
}

}  // namespace usdparquet
