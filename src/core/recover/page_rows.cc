#include "core/recover/page_rows.h"

#include <arrow/array/concatenate.h>
#include <arrow/chunked_array.h>
#include <arrow/compute/cast.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/memory_pool.h>
#include <arrow/table.h>
#include <arrow/util/base64.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/pages/page_bytes.h"
#include "core/pages/page_cache.h"
#include "core/pages/page_header.h"
#include "core/pages/verify_chunk.h"
#include "core/table/arrow_reader.h"
#include "core/util/guard.h"

namespace usdparquet {
namespace {

parquet::ReaderProperties Verifying() {
  parquet::ReaderProperties properties(arrow::system_memory_pool());
  properties.set_page_checksum_verification(true);
  return properties;
}

/// The values of all data pages in `bytes`, nulls included. Checks what the headers claim.
arrow::Result<int64_t> CountValues(std::span<const uint8_t> bytes,
                                   const parquet::ColumnDescriptor& descriptor) {
  int64_t values = 0;
  for (PageWalk pages(bytes, descriptor.max_repetition_level() > 0); !pages.is_done();) {
    ARROW_ASSIGN_OR_RAISE(const StoredPage page, pages.Next());
    if (page.header.is_data()) values += page.header.num_values;
  }
  return values;
}

/// A Parquet file in memory with one row group and no more than these pages.
class SmallFile {
 public:
  SmallFile(const ColumnPart& part, std::shared_ptr<arrow::DataType> type,
            std::span<const StoredPages> leaves, int64_t num_rows)
      : leaves_(leaves), num_rows_(num_rows), field_(part.field->WithType(std::move(type))) {
    schema_.Init(
        parquet::schema::GroupNode::Make("schema", parquet::Repetition::REQUIRED, {part.node}));
  }

  arrow::Result<std::shared_ptr<arrow::Table>> Read() {
    if (schema_.num_columns() != static_cast<int>(leaves_.size())) {
      return arrow::Status::UnknownError("the column has another number of leaves");
    }
    parquet::WriterProperties::Builder properties;
    if (!leaves_.empty()) properties.created_by(leaves_[0].created_by);
    for (size_t i = 0; i < leaves_.size(); ++i) {
      properties.compression(schema_.Column(static_cast<int>(i))->path(), leaves_[i].codec);
    }
    const auto builder = parquet::FileMetaDataBuilder::Make(&schema_, properties.build());
    parquet::RowGroupMetaDataBuilder* const group = builder->AppendRowGroup();
    group->set_num_rows(num_rows_);
    for (size_t i = 0; i < leaves_.size(); ++i) {
      ARROW_RETURN_NOT_OK(
          AddChunk(leaves_[i], *schema_.Column(static_cast<int>(i)), group->NextColumnChunk()));
    }
    group->Finish(static_cast<int64_t>(bytes_.size()), 0);
    ARROW_ASSIGN_OR_RAISE(const auto entry, ArrowSchema());
    const std::shared_ptr<parquet::FileMetaData> metadata = builder->Finish(entry);
    auto bytes =
        std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(bytes_)));
    const std::vector<uint32_t> first_rows{0, static_cast<uint32_t>(num_rows_)};
    const PageSource pages{*bytes, *metadata, first_rows, PageCache::Instance()};
    for (int leaf = 0; leaf < schema_.num_columns(); ++leaf) {
      ARROW_RETURN_NOT_OK(VerifyChunk(pages, leaf, 0, ChunkCheck::kForReader, nullptr));
    }
    ARROW_ASSIGN_OR_RAISE(const auto file, OpenArrowReader(std::move(bytes), metadata));
    return file->ReadRowGroup(0);
  }

 private:
  void Append(const arrow::Buffer& page) {
    bytes_.append(reinterpret_cast<const char*>(page.data()), static_cast<size_t>(page.size()));
  }

  arrow::Status AddChunk(const StoredPages& leaf, const parquet::ColumnDescriptor& descriptor,
                         parquet::ColumnChunkMetaDataBuilder* chunk) {
    const auto begin = static_cast<int64_t>(bytes_.size());
    if (leaf.dictionary) Append(*leaf.dictionary);
    const auto first_page = static_cast<int64_t>(bytes_.size());
    int64_t values = 0;
    for (const auto& page : leaf.pages) {
      ARROW_ASSIGN_OR_RAISE(const int64_t count, CountValues(SpanOf(*page), descriptor));
      values += count;
      Append(*page);
    }
    const int64_t size = static_cast<int64_t>(bytes_.size()) - begin;
    chunk->Finish(values, leaf.dictionary ? begin : 0, 0, first_page, size, size,
                  leaf.dictionary != nullptr, false, {}, {});
    return arrow::Status::OK();
  }

  /// The entry with the types that the column is to be read as.
  arrow::Result<std::shared_ptr<const arrow::KeyValueMetadata>> ArrowSchema() const {
    ARROW_ASSIGN_OR_RAISE(const auto schema, arrow::ipc::SerializeSchema(*arrow::schema({field_})));
    return arrow::key_value_metadata({"ARROW:schema"},
                                     {arrow::util::base64_encode(std::string_view(*schema))});
  }

  const std::span<const StoredPages> leaves_;
  const int64_t num_rows_;
  const std::shared_ptr<arrow::Field> field_;
  parquet::SchemaDescriptor schema_;
  std::string bytes_ = "PAR1";
};

/// `type` with the values of a dictionary in its place, also in fields of structs.
std::shared_ptr<arrow::DataType> WithoutDictionaries(const std::shared_ptr<arrow::DataType>& type) {
  if (type->id() == arrow::Type::DICTIONARY) {
    return static_cast<const arrow::DictionaryType&>(*type).value_type();
  }
  if (type->id() != arrow::Type::STRUCT) return type;
  arrow::FieldVector fields;
  for (const auto& field : type->fields()) {
    fields.push_back(field->WithType(WithoutDictionaries(field->type())));
  }
  return arrow::struct_(std::move(fields));
}

/// The cells of `part` as an array of `type`.
arrow::Result<std::shared_ptr<arrow::Array>> ReadAs(const ColumnPart& part,
                                                    const std::shared_ptr<arrow::DataType>& type,
                                                    std::span<const StoredPages> leaves,
                                                    int64_t num_rows) {
  SmallFile file(part, type, leaves, num_rows);
  ARROW_ASSIGN_OR_RAISE(const auto table, file.Read());
  if (table->num_columns() != 1 || table->num_rows() != num_rows ||
      table->column(0)->length() != num_rows) {
    return arrow::Status::IOError("it holds ", table->num_rows(), " rows, but should hold ",
                                  num_rows);
  }
  arrow::ArrayVector chunks = table->column(0)->chunks();
  ARROW_ASSIGN_OR_RAISE(auto cells, chunks.size() == 1
                                        ? chunks[0]
                                        : arrow::Concatenate(chunks, arrow::system_memory_pool()));
  ARROW_RETURN_NOT_OK(cells->Validate());
  if (cells->type()->Equals(*type)) return cells;
  return arrow::compute::Cast(*cells, type);
}

}  // namespace

arrow::Status CheckDictionary(const std::shared_ptr<arrow::Buffer>& page,
                              const parquet::ColumnDescriptor& descriptor,
                              parquet::Compression::type codec) {
  ARROW_ASSIGN_OR_RAISE(const PageHeader header, ReadPageHeader(SpanOf(*page)));
  ARROW_RETURN_NOT_OK(CheckPageHeader(header, descriptor.max_repetition_level() > 0));
  if (int64_t{header.header_size} + header.stored_size > page->size()) {
    return arrow::Status::IOError("it is cut off");
  }
  const auto reader = parquet::PageReader::Open(std::make_shared<arrow::io::BufferReader>(page),
                                                std::numeric_limits<int64_t>::max(), codec,
                                                Verifying(), descriptor);
  const auto read = reader->NextPage();
  if (!read || read->type() != parquet::PageType::DICTIONARY_PAGE) {
    return arrow::Status::IOError("it is no dictionary page");
  }
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::Array>> ReadPages(const ColumnPart& part,
                                                       std::span<const StoredPages> leaves,
                                                       int64_t num_rows) {
  const auto& type = part.field->type();
  const auto cells = Guarded([&] { return ReadAs(part, type, leaves, num_rows); });
  const auto plain = WithoutDictionaries(type);
  if (cells.ok() || cells.status().IsOutOfMemory() || plain->Equals(*type)) return cells;
  // Arrow makes no dictionary of entries that are no UTF-8.
  auto values = ReadAs(part, plain, leaves, num_rows);
  return values.ok() ? values : cells;
}

}  // namespace usdparquet
