#include "core/recover/damaged_file.h"

#include <arrow/buffer.h>
#include <arrow/memory_pool.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <new>
#include <optional>
#include <utility>

#include "core/pages/page_cache.h"
#include "core/schema/footer.h"
#include "core/schema/schema.h"
#include "core/sections/residual_blob.h"
#include "core/table/arrow_reader.h"
#include "core/table/table_file.h"
#include "core/table/table_warnings.h"
#include "core/util/guard.h"
#include "core/util/limits.h"

namespace usdparquet {
namespace {

arrow::Result<std::vector<uint32_t>> FirstRows(const parquet::FileMetaData& metadata,
                                               int64_t file_size) {
  std::vector<uint32_t> first_rows;
  int64_t row = 0;
  for (int g = 0; g < metadata.num_row_groups(); ++g) {
    first_rows.push_back(static_cast<uint32_t>(row));
    const int64_t rows = metadata.RowGroup(g)->num_rows();
    if (rows < 0 || rows > MaxFileRows(file_size) - row) {
      return arrow::Status::IOError("its footer claims row groups of impossible sizes");
    }
    row += rows;
  }
  first_rows.push_back(static_cast<uint32_t>(row));
  return first_rows;
}

arrow::Status OpenReader(DamagedFile* file) {
  ARROW_ASSIGN_OR_RAISE(file->reader, OpenArrowReader(file->file, file->metadata));
  return arrow::Status::OK();
}

/// The key of the entry with Arrow's own types.
constexpr char kArrowKey[] = "ARROW:schema";

/// The footer without the entry of Arrow's types, which then follow from Parquet's.
std::shared_ptr<parquet::FileMetaData> WithoutArrowTypes(const parquet::FileMetaData& metadata) {
  const auto pairs = metadata.key_value_metadata();
  if (!pairs || !pairs->Contains(kArrowKey)) return nullptr;
  const auto kept = pairs->Copy();
  (void)kept->Delete(kArrowKey);
  parquet::WriterProperties::Builder properties;
  properties.created_by(metadata.created_by());
  for (int c = 0; metadata.num_row_groups() > 0 && c < metadata.num_columns(); ++c) {
    properties.compression(metadata.schema()->Column(c)->path(),
                           metadata.RowGroup(0)->ColumnChunk(c)->compression());
  }
  const auto builder = parquet::FileMetaDataBuilder::Make(metadata.schema(), properties.build());
  parquet::IndexLocations offset_indexes;
  for (int g = 0; g < metadata.num_row_groups(); ++g) {
    const auto group = metadata.RowGroup(g);
    parquet::RowGroupMetaDataBuilder* const to = builder->AppendRowGroup();
    to->set_num_rows(group->num_rows());
    for (int c = 0; c < group->num_columns(); ++c) {
      const auto chunk = group->ColumnChunk(c);
      to->NextColumnChunk()->Finish(
          chunk->num_values(), chunk->has_dictionary_page() ? chunk->dictionary_page_offset() : 0,
          0, chunk->data_page_offset(), chunk->total_compressed_size(),
          chunk->total_uncompressed_size(), chunk->has_dictionary_page(), false, {}, {});
      if (const auto index = chunk->GetOffsetIndexLocation()) {
        offset_indexes.emplace_back(parquet::ColumnChunkId{g, c}, *index);
      }
    }
    to->Finish(group->total_byte_size(), static_cast<int16_t>(g));
  }
  builder->SetIndexLocations(parquet::IndexKind::kOffsetIndex, offset_indexes);
  return builder->Finish(kept);
}

}  // namespace

PageSource DamagedFile::Pages() const {
  return {*file,    *metadata, group_first_rows, PageCache::Instance(), locations.locations.get(),
          is_sealed};
}

arrow::Result<DamagedFile> OpenDamaged(std::shared_ptr<arrow::io::RandomAccessFile> input) {
  DamagedFile found;
  found.file = std::move(input);
  const auto sound = Guarded([&] { return TableFile::Open(found.file); });
  if (sound.ok()) {
    found.is_sealed = sound->is_sealed();
    found.metadata = sound->metadata();
    found.group_first_rows = sound->group_first_rows();
  } else {
    auto parsed = Guarded([&]() -> arrow::Result<ParsedFooter> {
      ARROW_ASSIGN_OR_RAISE(const FooterBytes footer, ReadFooter(*found.file));
      return ParseFooter(footer);
    });
    if (!parsed.ok()) {
      if (sound.status().message() == kEncryptedFile) return sound.status();  // not damaged
      return sound.status().WithMessage(
          sound.status().message(),
          "; nothing can be recovered, because only the footer says what the other bytes are");
    }
    found.metadata = std::move(parsed->metadata);
    if (found.metadata->is_encryption_algorithm_set()) return sound.status();
    ARROW_ASSIGN_OR_RAISE(const int64_t size, found.file->GetSize());
    ARROW_ASSIGN_OR_RAISE(found.group_first_rows, FirstRows(*found.metadata, size));
    found.footer_problem = sound.status().message();
  }
  found.locations = PageLocations::Open(*found.file, *found.metadata, {});
  const arrow::Status opened = Guarded([&] { return OpenReader(&found); });
  if (opened.ok()) return found;
  found.metadata = WithoutArrowTypes(*found.metadata);
  if (!found.metadata) return opened;
  found.footer_problem = "Arrow's own types of the columns cannot be read: " + opened.message();
  ARROW_RETURN_NOT_OK(OpenReader(&found));
  return found;
}

FoundEntry FindEntry(const parquet::FileMetaData& metadata, const std::string& path_column,
                     const IdentifierTest& unicode_test) {
  FoundEntry found;
  const auto& pairs = metadata.key_value_metadata();
  const int at = pairs ? pairs->FindKey(kSchemaKey) : -1;
  if (at < 0) return found;
  auto entry = ParseSchemaEntry(pairs->value(at));
  if (!entry.ok()) {
    found.problem = entry.status().message();
    return found;
  }
  const auto path = [&](const SchemaEntry& said) {
    if (!path_column.empty()) return path_column;
    return said.path_column.empty() ? std::string("path") : said.path_column;
  };
  const auto read = [&](const SchemaEntry& said) {
    return Guarded([&] {
      return ReadSchema(metadata, said, path(said), said.time_column, std::nullopt, unicode_test);
    });
  };
  const arrow::Result<TableSchema> schema = read(*entry);
  if (!schema.ok() && read(SchemaEntry()).ok()) {
    found.problem = schema.status().message();
    return found;
  }
  if (schema.ok()) found.missing = DescribeMissingColumns(*schema);
  found.entry = std::move(*entry);
  found.json = pairs->value(at);
  return found;
}

FoundResidual ReadResidual(const DamagedFile& file) {
  FoundResidual found;
  const arrow::Status status = Guarded([&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(const auto blob, FindResidual(*file.file, *file.metadata));
    if (!blob) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto bytes, file.file->ReadAt(blob->offset, blob->length));
    found.bytes = bytes->ToString();
    return arrow::Status::OK();
  });
  if (status.IsOutOfMemory()) throw std::bad_alloc();  // says nothing of the file
  if (!status.ok()) {
    found.bytes.clear();
    found.problem = status.message();
  }
  return found;
}

}  // namespace usdparquet
