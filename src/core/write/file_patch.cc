#include "core/write/file_patch.h"

#include <arrow/array/concatenate.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_reader.h>
#include <parquet/file_writer.h>
#include <parquet/index_location.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/schema.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "core/pages/chunk_range.h"
#include "core/pages/page_locations.h"
#include "core/sections/section_locator.h"
#include "core/table/bulk_reader.h"
#include "core/table/file_check.h"
#include "core/util/block_memory.h"
#include "core/util/claimed_sum.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"
#include "core/util/padding.h"
#include "core/util/replace_file.h"
#include "core/write/aligned_file.h"
#include "core/write/column_layouts.h"
#include "core/write/comes_back.h"
#include "core/write/seal_file.h"

namespace usdparquet {
namespace {

using parquet::ColumnChunkMetaData;
using parquet::IndexLocation;

/// A column chunk in an encoded file of its own.
struct NewChunk {
  std::shared_ptr<arrow::Buffer> file;
  std::shared_ptr<parquet::FileMetaData> metadata;
  std::unique_ptr<ColumnChunkMetaData> chunk;
  int64_t delta = 0;  // from there to its place in the patched file
  std::optional<IndexLocation> offset_index;
  std::optional<IndexLocation> column_index;
};

class Patcher {
 public:
  Patcher(const Table& table, const std::vector<ColumnPatch>& patches, const WriteOptions& options,
          const std::function<bool()>& can_write_whole)
      : table_(table),
        old_(table.metadata()),
        patches_(patches),
        options_(options),
        can_write_whole_(can_write_whole) {}

  /// Encodes the new chunks. False if the file can't be patched.
  arrow::Result<bool> Prepare() {
    if (const std::string why = WhyNotToPatch(old_); !why.empty()) {
      const ColumnInfo* const column = ColumnStoredOtherwise();
      if (!column) return false;
      return arrow::Status::Invalid(
          "not written: ", why, ", so that all of it would be written anew, column '",
          column->column_name, "' (", column->storage, ") as another type; 'usdparquet optimize ",
          table_.name(), "' makes a file of it whose cells can be edited");
    }
    ARROW_ASSIGN_OR_RAISE(const bool are_sections_sound, VerifySource());
    if (!are_sections_sound) return false;
    ARROW_ASSIGN_OR_RAISE(const auto reader, BulkReader::Open(table_.table_file()));
    for (const ColumnPatch& patch : patches_) {
      const int leaf = table_.columns()[patch.column].leaf;
      int64_t first = 0;
      size_t next = 0;
      for (int g = 0; g < old_.num_row_groups() && next < patch.rows.size(); ++g) {
        const int64_t rows = old_.RowGroup(g)->num_rows();
        const size_t begin = next;
        while (next < patch.rows.size() && patch.rows[next] < first + rows) ++next;
        if (next > begin) {
          ARROW_ASSIGN_OR_RAISE(const bool done,
                                Encode(*reader, g, leaf, patch, begin, next, first));
          if (!done) return false;
        }
        first += rows;
      }
    }
    ARROW_ASSIGN_OR_RAISE(const bool is_worth_it, IsWorthIt());
    return is_worth_it || ColumnStoredOtherwise() || (can_write_whole_ && !can_write_whole_());
  }

  /// A cell that can't be changed, if one was met.
  const std::optional<RefusedCell>& refused() const { return refused_; }

  arrow::Status Write(arrow::io::OutputStream* sink) {
    // All that lies before the footer stays at its place, but for the page locations.
    ARROW_ASSIGN_OR_RAISE(const int64_t size, table_.file().GetSize());
    ARROW_ASSIGN_OR_RAISE(const uint32_t footer_length, FooterLength(size));
    const int64_t end = EndOfCopy(size, size - 8 - static_cast<int64_t>(footer_length));
    constexpr int64_t kBlock = int64_t{8} << 20;
    for (int64_t at = 0; at < end; at += kBlock) {
      ARROW_ASSIGN_OR_RAISE(const auto bytes, table_.file().ReadAt(at, std::min(kBlock, end - at)));
      ARROW_RETURN_NOT_OK(sink->Write(bytes));
    }
    for (auto& [place, chunk] : chunks_) ARROW_RETURN_NOT_OK(WriteChunk(&chunk, sink));
    for (auto& [place, chunk] : chunks_) ARROW_RETURN_NOT_OK(WriteIndexes(&chunk, sink));
    parquet::WriteFileMetaData(*MakeFooter(), sink);
    return arrow::Status::OK();
  }

 private:
  using Place = std::pair<int, int>;  // row group, leaf

  /// Verifies all that will be copied. Fails where cells or the residual are damaged; false where
  /// it is only what a whole write makes anew.
  arrow::Result<bool> VerifySource() const {
    const TableFile& file = table_.table_file();
    // The copy gives every page header a checksum: one that had none so far must be seen to decode.
    const auto check = file.locations() ? ChunkCheck::kChecksums : ChunkCheck::kValues;
    ARROW_RETURN_NOT_OK(VerifyColumns(file, std::nullopt, check));
    ARROW_ASSIGN_OR_RAISE(const auto damaged, FindDamagedSections(file));
    for (const DamagedSection& section : damaged) {
      if (section.name == kResidualName) return arrow::Status::IOError(section.message);
    }
    if (!damaged.empty()) return false;
    ARROW_ASSIGN_OR_RAISE(const auto wrong, FindWrongOffsetIndexes(file));
    return wrong.empty();
  }

  arrow::Result<uint32_t> FooterLength(int64_t size) const {
    uint32_t length = 0;
    ARROW_ASSIGN_OR_RAISE(const int64_t read,
                          table_.file().ReadAt(size - 8, sizeof(length), &length));
    if (read != sizeof(length)) return arrow::Status::IOError("the file ends within its footer");
    return length;
  }

  /// Where to stop copying a file of `size` bytes whose footer begins at byte `end`: at its page
  /// locations, if they are the last thing before the footer. New ones are written, and each save
  /// would leave a gap.
  int64_t EndOfCopy(int64_t size, int64_t end) const {
    const auto& pairs = old_.key_value_metadata();
    const int key = pairs ? pairs->FindKey(kPagesKey) : -1;
    if (key < 0 || !table_.table_file().locations()) return end;
    const auto locator = SectionLocator::Parse(pairs->value(key));
    if (!locator || locator->offset + locator->length != end) return end;
    for (int g = 0; g < old_.num_row_groups(); ++g) {
      for (int c = 0; c < old_.num_columns(); ++c) {
        const auto chunk = old_.RowGroup(g)->ColumnChunk(c);
        const auto range = RangeOfChunk(old_, *chunk, size);
        if (!range.ok()) continue;  // that of an empty row group: VerifySource read all others
        int64_t last = range->end;
        for (const auto& index :
             {chunk->GetOffsetIndexLocation(), chunk->GetColumnIndexLocation()}) {
          if (index)
            last = std::max(last, ClaimedSum(std::max<int64_t>(index->offset, 0), index->length));
        }
        if (last > locator->offset) return end;
      }
    }
    return locator->offset;
  }

  /// A column that a whole write would store as another type than the file does; null if all stay
  /// what they are.
  const ColumnInfo* ColumnStoredOtherwise() const {
    for (const ColumnInfo& column : table_.columns()) {
      if (column.conversion != Conversion::kNone || column.stored_scalar != column.type.scalar) {
        return &column;
      }
    }
    return nullptr;
  }

  /// Not where most of the file would be gaps.
  arrow::Result<bool> IsWorthIt() const {
    int64_t live = 0;
    for (int g = 0; g < old_.num_row_groups(); ++g) {
      const auto group = old_.RowGroup(g);
      for (int c = 0; c < group->num_columns(); ++c) {
        const auto found = chunks_.find({g, c});
        live =
            ClaimedSum(live, found == chunks_.end() ? group->ColumnChunk(c)->total_compressed_size()
                                                    : found->second.chunk->total_compressed_size());
      }
    }
    ARROW_ASSIGN_OR_RAISE(int64_t size, table_.file().GetSize());
    for (const auto& [place, chunk] : chunks_) size += chunk.chunk->total_compressed_size();
    constexpr int64_t kSmall = int64_t{1} << 20;
    return size <= kSmall || size / 2 <= live;
  }

  /// `cells` with `values` in `places`. A struct, of which the field to patch was read alone, is
  /// patched in the field. Nothing where that can't be: a null in a required column, a value that
  /// the column's type would change, or one in a struct that is null, which its other fields are by
  /// their own levels.
  static arrow::Result<std::shared_ptr<arrow::Array>> PatchedCells(
      const std::shared_ptr<arrow::Array>& cells, const arrow::Field& field,
      const arrow::Array& values, const std::vector<int64_t>& places) {
    if (cells->type_id() == arrow::Type::STRUCT) {
      const auto& whole = static_cast<const arrow::StructArray&>(*cells);
      for (size_t i = 0; i < places.size(); ++i) {
        if (whole.IsNull(places[i]) && values.IsValid(static_cast<int64_t>(i))) return nullptr;
      }
      const auto& inner = whole.struct_type()->field(0);
      ARROW_ASSIGN_OR_RAISE(auto patched, PatchedCells(whole.field(0), *inner, values, places));
      if (!patched) return nullptr;
      return arrow::StructArray::Make({std::move(patched)}, {inner}, whole.null_bitmap(),
                                      whole.null_count());
    }
    if (!field.nullable() && values.null_count() > 0) return nullptr;
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum cast,
                          arrow::compute::Cast(arrow::Datum(values.data()), cells->type()));
    if (!ComesBack(values, *cast.make_array())) return nullptr;
    ARROW_ASSIGN_OR_RAISE(const auto all,
                          arrow::Concatenate({cells, cast.make_array()}, BlockPool()));
    std::vector<int64_t> order(static_cast<size_t>(cells->length()));
    std::iota(order.begin(), order.end(), int64_t{0});
    for (size_t i = 0; i < places.size(); ++i) {
      order[static_cast<size_t>(places[i])] = cells->length() + static_cast<int64_t>(i);
    }
    const arrow::Int64Array indices(cells->length(), arrow::Buffer::Wrap(order));
    return arrow::compute::Take(*all, indices);
  }

  /// The number of a value that PatchedCells does not put in its place. REQUIRES: it refuses them
  /// all together.
  static size_t FindRefused(const std::shared_ptr<arrow::Array>& cells, const arrow::Field& field,
                            const arrow::Array& values, const std::vector<int64_t>& places) {
    size_t begin = 0, end = places.size();
    while (end - begin > 1) {
      const size_t middle = begin + (end - begin) / 2;
      const auto first = values.Slice(static_cast<int64_t>(begin),  //
                                      static_cast<int64_t>(middle - begin));
      const std::vector<int64_t> own(places.begin() + static_cast<ptrdiff_t>(begin),
                                     places.begin() + static_cast<ptrdiff_t>(middle));
      const auto patched = PatchedCells(cells, field, *first, own);
      (patched.ok() && *patched ? begin : end) = middle;
    }
    return begin;
  }

  arrow::Result<bool> Encode(const BulkReader& reader, int group, int leaf,
                             const ColumnPatch& patch, size_t begin, size_t end, int64_t first) {
    ARROW_ASSIGN_OR_RAISE(const auto read, reader.ReadGroup(group, {leaf}));
    const auto& field = read->schema()->field(0);
    const auto values =
        patch.values->Slice(static_cast<int64_t>(begin), static_cast<int64_t>(end - begin));
    std::vector<int64_t> places;
    for (size_t i = begin; i < end; ++i) places.push_back(patch.rows[i] - first);
    std::shared_ptr<arrow::Array> stored = read->column(0)->chunk(0);
    if (read->column(0)->num_chunks() > 1 || stored->offset() != 0) {
      ARROW_ASSIGN_OR_RAISE(stored, arrow::Concatenate(read->column(0)->chunks(), BlockPool()));
    }
    const auto cells = PatchedCells(stored, *field, *values, places);
    if (!cells.ok() || !*cells) {  // or the stored type can't hold a value
      const ColumnInfo& column = table_.columns()[patch.column];
      refused_ = {"column '" + column.column_name + "' (" + column.storage + ")",
                  patch.rows[begin + FindRefused(stored, *field, *values, places)]};
      return false;
    }
    const auto rows = arrow::Table::Make(arrow::schema({field}), {*cells});

    std::shared_ptr<parquet::SchemaDescriptor> leaves;
    ARROW_RETURN_NOT_OK(parquet::arrow::ToParquetSchema(
        rows->schema().get(), *parquet::default_writer_properties(), &leaves));
    const auto old_chunk = old_.RowGroup(group)->ColumnChunk(leaf);
    ARROW_ASSIGN_OR_RAISE(const auto properties, LayoutLike(*old_chunk, *rows, *leaves, options_));
    ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create());
    ARROW_ASSIGN_OR_RAISE(auto writer, OpenAlignedFile(rows->schema(), sink, properties));
    ARROW_RETURN_NOT_OK(writer->NewRowGroup());
    ARROW_RETURN_NOT_OK(writer->WriteColumnChunk(rows->column(0)));
    ARROW_RETURN_NOT_OK(writer->Close());
    NewChunk chunk;
    chunk.metadata = writer->metadata();
    ARROW_ASSIGN_OR_RAISE(chunk.file, sink->Finish());
    chunk.chunk = chunk.metadata->RowGroup(0)->ColumnChunk(0);
    // The pages must mean the same under the schema of the file that they go to.
    const parquet::ColumnDescriptor& now = *chunk.metadata->schema()->Column(0);
    const parquet::ColumnDescriptor& before = *old_.schema()->Column(leaf);
    if (chunk.metadata->num_columns() != 1 || now.physical_type() != before.physical_type() ||
        now.type_length() != before.type_length() ||
        now.max_definition_level() != before.max_definition_level() ||
        now.max_repetition_level() != before.max_repetition_level() ||
        !now.logical_type()->Equals(*before.logical_type())) {
      return false;
    }
    chunks_.emplace(Place{group, leaf}, std::move(chunk));
    return true;
  }

  static arrow::Status WriteChunk(NewChunk* chunk, arrow::io::OutputStream* sink) {
    ARROW_ASSIGN_OR_RAISE(const ChunkRange range,
                          RangeOfChunk(*chunk->metadata, *chunk->chunk, chunk->file->size()));
    ARROW_ASSIGN_OR_RAISE(const int64_t position, sink->Tell());
    // Numbers that are aligned stay so.
    constexpr int64_t kAlignment = 8;
    const std::string padding = PaddingAt(position - range.begin, kAlignment);
    ARROW_RETURN_NOT_OK(sink->Write(padding));
    chunk->delta = position + static_cast<int64_t>(padding.size()) - range.begin;
    return sink->Write(arrow::SliceBuffer(chunk->file, range.begin, range.size()));
  }

  static arrow::Status WriteIndexes(NewChunk* chunk, arrow::io::OutputStream* sink) {
    const auto column_index = chunk->chunk->GetColumnIndexLocation();
    if (column_index) {  // holds no offsets
      ARROW_ASSIGN_OR_RAISE(const int64_t position, sink->Tell());
      ARROW_RETURN_NOT_OK(
          sink->Write(arrow::SliceBuffer(chunk->file, column_index->offset, column_index->length)));
      chunk->column_index = IndexLocation{position, column_index->length};
    }
    if (!chunk->chunk->GetOffsetIndexLocation()) return arrow::Status::OK();
    const auto reader =
        parquet::ParquetFileReader::Open(std::make_shared<arrow::io::BufferReader>(chunk->file));
    const auto offsets = reader->GetPageIndexReader()->RowGroup(0)->GetOffsetIndex(0);
    const auto builder = parquet::OffsetIndexBuilder::Make();
    for (const parquet::PageLocation& page : offsets->page_locations()) {
      builder->AddPage(page.offset + chunk->delta, page.compressed_page_size, page.first_row_index);
    }
    builder->Finish(0);
    ARROW_ASSIGN_OR_RAISE(const int64_t position, sink->Tell());
    builder->WriteTo(sink);
    ARROW_ASSIGN_OR_RAISE(const int64_t end, sink->Tell());
    chunk->offset_index = IndexLocation{position, static_cast<int32_t>(end - position)};
    return arrow::Status::OK();
  }

  static void CopyChunk(const ColumnChunkMetaData& chunk, int64_t delta,
                        parquet::ColumnChunkMetaDataBuilder* builder) {
    std::map<parquet::Encoding::type, int32_t> dictionary, data;
    bool falls_back = false;
    for (const parquet::PageEncodingStats& stats : chunk.encoding_stats()) {
      (stats.page_type == parquet::PageType::DICTIONARY_PAGE ? dictionary : data)[stats.encoding] +=
          stats.count;
    }
    if (chunk.has_dictionary_page()) {
      falls_back = std::any_of(data.begin(), data.end(), [](const auto& entry) {
        return entry.first != parquet::Encoding::RLE_DICTIONARY &&
               entry.first != parquet::Encoding::PLAIN_DICTIONARY;
      });
    }
    if (const auto statistics = chunk.encoded_statistics()) builder->SetStatistics(*statistics);
    if (const auto sizes = chunk.size_statistics()) builder->SetSizeStatistics(*sizes);
    if (chunk.key_value_metadata()) builder->SetKeyValueMetadata(chunk.key_value_metadata());
    builder->Finish(chunk.num_values(),
                    chunk.has_dictionary_page() ? chunk.dictionary_page_offset() + delta : 0, 0,
                    chunk.data_page_offset() + delta, chunk.total_compressed_size(),
                    chunk.total_uncompressed_size(), chunk.has_dictionary_page(), falls_back,
                    dictionary, data);
  }

  std::unique_ptr<parquet::FileMetaData> MakeFooter() const {
    parquet::WriterProperties::Builder properties;
    properties.created_by(old_.created_by());
    for (int c = 0; old_.num_row_groups() > 0 && c < old_.num_columns(); ++c) {
      properties.compression(old_.schema()->Column(c)->path(),
                             old_.RowGroup(0)->ColumnChunk(c)->compression());
    }
    const auto builder = parquet::FileMetaDataBuilder::Make(old_.schema(), properties.build());
    parquet::IndexLocations offset_indexes, column_indexes;
    for (int g = 0; g < old_.num_row_groups(); ++g) {
      const auto group = old_.RowGroup(g);
      parquet::RowGroupMetaDataBuilder* to = builder->AppendRowGroup();
      to->set_num_rows(group->num_rows());
      int64_t bytes = 0;
      for (int c = 0; c < group->num_columns(); ++c) {
        const auto found = chunks_.find({g, c});
        const bool is_new = found != chunks_.end();
        const auto old_chunk = group->ColumnChunk(c);
        const ColumnChunkMetaData& chunk = is_new ? *found->second.chunk : *old_chunk;
        CopyChunk(chunk, is_new ? found->second.delta : 0, to->NextColumnChunk());
        bytes = ClaimedSum(bytes, chunk.total_uncompressed_size());
        const parquet::ColumnChunkId id{g, c};
        const auto offsets =
            is_new ? found->second.offset_index : old_chunk->GetOffsetIndexLocation();
        const auto columns =
            is_new ? found->second.column_index : old_chunk->GetColumnIndexLocation();
        if (offsets) offset_indexes.emplace_back(id, *offsets);
        if (columns) column_indexes.emplace_back(id, *columns);
      }
      to->Finish(bytes, static_cast<int16_t>(g));
    }
    builder->SetIndexLocations(parquet::IndexKind::kOffsetIndex, offset_indexes);
    builder->SetIndexLocations(parquet::IndexKind::kColumnIndex, column_indexes);
    return builder->Finish(WithUnsealedEntries(old_.key_value_metadata()));
  }

  const Table& table_;
  const parquet::FileMetaData& old_;
  const std::vector<ColumnPatch>& patches_;
  const WriteOptions& options_;
  const std::function<bool()>& can_write_whole_;
  std::map<Place, NewChunk> chunks_;
  std::optional<RefusedCell> refused_;
};

}  // namespace

std::string WhyNotToPatch(const parquet::FileMetaData& metadata) {
  if (metadata.is_encryption_algorithm_set()) return "the file is encrypted";
  for (int g = 0; g < metadata.num_row_groups(); ++g) {
    const auto group = metadata.RowGroup(g);
    for (int c = 0; c < group->num_columns(); ++c) {
      const auto chunk = group->ColumnChunk(c);
      if (chunk->encoding_stats().empty() && group->num_rows() > 0) {
        return "its footer does not say how its pages are encoded";
      }
      if (!chunk->file_path().empty()) return "it has columns in other files";
      if (chunk->bloom_filter_offset()) return "it has a Bloom filter";
      if (chunk->is_geo_stats_set()) return "it has statistics of places";
      if (chunk->compression() != metadata.RowGroup(0)->ColumnChunk(c)->compression()) {
        return "a column of it is compressed in several ways";
      }
    }
  }
  return {};
}

arrow::Result<bool> PatchFile(const Table& table, const std::vector<ColumnPatch>& patches,
                              const std::string& path, const WriteOptions& options,
                              const std::function<bool()>& can_write_whole,
                              std::optional<RefusedCell>* refused) {
  const auto patch = [&]() -> arrow::Result<bool> {
    Patcher patcher(table, patches, options, can_write_whole);
    ARROW_ASSIGN_OR_RAISE(const bool can_patch, patcher.Prepare());
    if (refused) *refused = patcher.refused();
    if (!can_patch) return false;
    ReplaceFile file(path);
    ARROW_ASSIGN_OR_RAISE(const auto sink, file.Open());
    ARROW_RETURN_NOT_OK(patcher.Write(sink.get()));
    // Parsed: metadata that were put together do not tell who wrote the pages, by which some places
    // are read otherwise.
    ARROW_ASSIGN_OR_RAISE(const auto written, file.OpenWritten());
    const auto reader =
        parquet::ParquetFileReader::Open(written, parquet::ReaderProperties(BlockPool()));
    const TableSchema& schema = table.schema();
    ARROW_RETURN_NOT_OK(SealFile(&file, *reader->metadata(), schema.path->leaf,
                                 schema.time ? schema.time->leaf : -1)
                            .status());
    ARROW_RETURN_NOT_OK(file.Commit());
    return true;
  };
  return WithFileName(Guarded(patch), path);
}

}  // namespace usdparquet
