#include "core/table/bulk_reader.h"

#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/pages/page_cache.h"
#include "core/pages/verify_chunk.h"
#include "core/schema/text_check.h"
#include "core/table/arrow_reader.h"
#include "core/table/field_leaves.h"
#include "core/table/part_rows.h"
#include "core/util/guard.h"
#include "core/util/message_text.h"
#include "core/util/parallel_for.h"
#include "core/util/utf8.h"

namespace usdparquet {
namespace {

/// The first row of a chunk of texts, counted within it, with one that is no UTF-8.
std::optional<int64_t> FirstBadText(parquet::ByteArrayReader* reader,
                                    const parquet::ColumnDescriptor& leaf) {
  constexpr size_t kBatch = 4096;
  std::vector<int16_t> definitions(kBatch), repetitions(kBatch);
  std::vector<parquet::ByteArray> texts(kBatch);
  int64_t row = -1;
  while (reader->HasNext()) {
    int64_t num_texts = 0;
    const int64_t levels =
        reader->ReadBatch(kBatch, definitions.data(), repetitions.data(), texts.data(), &num_texts);
    int64_t next = 0;
    for (size_t i = 0; i < static_cast<size_t>(levels); ++i) {
      if (leaf.max_repetition_level() == 0 || repetitions[i] == 0) ++row;
      if (definitions[i] < leaf.max_definition_level() || next == num_texts) continue;
      const parquet::ByteArray& text = texts[static_cast<size_t>(next++)];
      if (!IsUtf8({reinterpret_cast<const char*>(text.ptr), text.len})) return row;
    }
    if (levels == 0) break;
  }
  return std::nullopt;
}

std::vector<int> UpTo(int count) {
  std::vector<int> numbers(static_cast<size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

}  // namespace

std::vector<int> AllLeaves(const parquet::FileMetaData& metadata) {
  return UpTo(metadata.num_columns());
}

std::vector<int> AllRowGroups(const parquet::FileMetaData& metadata) {
  return UpTo(metadata.num_row_groups());
}

arrow::Result<std::unique_ptr<BulkReader>> BulkReader::Open(const TableFile& file,
                                                            arrow::MemoryPool* pool) {
  std::unique_ptr<BulkReader> reader(new BulkReader(file, pool));
  if (file.parts()) {
    const parquet::FileMetaData& metadata = *file.metadata();
    ARROW_RETURN_NOT_OK(
        parquet::arrow::SchemaManifest::Make(metadata.schema(), metadata.key_value_metadata(),
                                             parquet::ArrowReaderProperties(), &reader->manifest_));
    return reader;
  }
  ARROW_ASSIGN_OR_RAISE(reader->arrow_, OpenArrowReader(file.file(), file.metadata(), pool));
  return reader;
}

arrow::Result<std::shared_ptr<arrow::Table>> BulkReader::ReadAll(
    const std::vector<int>& leaves) const {
  if (file_.parts()) return ReadAllParts(*file_.parts(), manifest_, leaves, pool_);
  return Read(AllRowGroups(*file_.metadata()), leaves);
}

arrow::Result<std::shared_ptr<arrow::Table>> BulkReader::ReadAll() const {
  return ReadAll(AllLeaves(*file_.metadata()));
}

arrow::Result<std::shared_ptr<arrow::Table>> BulkReader::ReadGroup(
    int row_group, const std::vector<int>& leaves) const {
  if (file_.parts()) {
    return ReadPartGroup(*file_.parts(), static_cast<uint32_t>(row_group), manifest_, leaves,
                         pool_);
  }
  return Read({row_group}, leaves);
}

arrow::Result<std::shared_ptr<arrow::Table>> BulkReader::Read(
    const std::vector<int>& row_groups, const std::vector<int>& leaves) const {
  ARROW_RETURN_NOT_OK(VerifyChunks(file_.Pages(), leaves, row_groups, ChunkCheck::kForReader));
  int64_t rows = 0;
  for (const int group : row_groups) rows += file_.metadata()->RowGroup(group)->num_rows();
  auto read = Guarded([&]() -> arrow::Result<std::shared_ptr<arrow::Table>> {
    ARROW_ASSIGN_OR_RAISE(auto table, ReadFields(row_groups, leaves));
    for (int i = 0; i < table->num_columns(); ++i) {
      if (table->column(i)->length() == rows) continue;
      return arrow::Status::IOError("column '", table->field(i)->name(), "' decodes to ",
                                    table->column(i)->length(), " rows, but has ", rows);
    }
    if (table->num_columns() > 0 && table->num_rows() != rows) {
      return arrow::Status::IOError("its columns decode to ", table->num_rows(), " of ", rows,
                                    " rows");
    }
    // Arrow trusts its own lengths and offsets; here they come from a file.
    ARROW_RETURN_NOT_OK(table->Validate());
    return table;
  });
  return read.ok() ? read : Explain(read.status(), row_groups, leaves);
}

std::vector<int> BulkReader::ReadWith(const std::vector<int>& leaves) const {
  if (!file_.parts()) return leaves;
  std::vector<int> all;
  for (const auto& field : manifest_.schema_fields) {
    std::vector<int> own;
    CollectLeaves(field, &own);
    const auto is_wanted = [&](int leaf) {
      return std::ranges::find(leaves, leaf) != leaves.end();
    };
    if (std::ranges::any_of(own, is_wanted)) all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

arrow::Status BulkReader::VisitGroup(
    int row_group, const std::vector<int>& leaves, int64_t rows_at_once,
    const std::function<arrow::Status(const arrow::Table&)>& f) const {
  if (file_.parts()) {
    ARROW_ASSIGN_OR_RAISE(const auto table, ReadGroup(row_group, leaves));
    for (int64_t row = 0; row < table->num_rows(); row += rows_at_once) {
      ARROW_RETURN_NOT_OK(Guarded([&] { return f(*table->Slice(row, rows_at_once)); }));
    }
    return arrow::Status::OK();
  }
  ARROW_RETURN_NOT_OK(
      VerifyChunks(file_.Pages(), leaves, std::span(&row_group, 1), ChunkCheck::kForReader));
  const int64_t rows = file_.metadata()->RowGroup(row_group)->num_rows();
  int64_t done = 0;
  arrow::Status stopped;
  const arrow::Status read = Guarded([&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(const auto arrow,
                          OpenArrowReader(file_.file(), file_.metadata(), pool_, true));
    arrow->set_batch_size(rows_at_once);
    ARROW_ASSIGN_OR_RAISE(const auto reader, arrow->GetRecordBatchReader({row_group}, leaves));
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, reader->Next());
      if (!batch) break;
      ARROW_RETURN_NOT_OK(batch->Validate());
      ARROW_ASSIGN_OR_RAISE(const auto table,
                            arrow::Table::FromRecordBatches(reader->schema(), {batch}));
      done += batch->num_rows();
      stopped =
          Guarded([&] { return f(*table->ReplaceSchemaMetadata(manifest().schema_metadata)); });
      if (!stopped.ok()) return stopped;
    }
    if (done == rows) return arrow::Status::OK();
    return arrow::Status::IOError("its columns decode to ", done, " of ", rows, " rows");
  });
  if (read.ok() || !stopped.ok()) return read;
  return Explain(read, {row_group}, leaves);
}

/// Reads top-level columns in parallel, in threads that end with the read.
arrow::Result<std::shared_ptr<arrow::Table>> BulkReader::ReadFields(
    const std::vector<int>& row_groups, const std::vector<int>& leaves) const {
  const parquet::SchemaDescriptor& schema = *file_.metadata()->schema();
  std::unordered_map<const parquet::schema::Node*, size_t> known;
  std::vector<std::vector<int>> columns;  // the leaves of each, in the order of `leaves`
  for (const int leaf : leaves) {
    const auto [at, is_new] = known.try_emplace(schema.GetColumnRoot(leaf), columns.size());
    if (is_new) columns.emplace_back();
    columns[at->second].push_back(leaf);
  }
  if (columns.size() <= 1) return arrow_->ReadRowGroups(row_groups, leaves);
  arrow::FieldVector fields(columns.size());
  arrow::ChunkedArrayVector cells(columns.size());
  ARROW_RETURN_NOT_OK(ParallelFor(0, columns.size(), [&](size_t i) -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(const auto read, arrow_->ReadRowGroups(row_groups, columns[i]));
    fields[i] = read->field(0);
    cells[i] = read->column(0);
    return arrow::Status::OK();
  }));
  return arrow::Table::Make(arrow::schema(std::move(fields), manifest().schema_metadata),
                            std::move(cells));
}

arrow::Result<std::optional<int64_t>> BulkReader::FindBadText(int row_group, int leaf) const {
  ARROW_RETURN_NOT_OK(VerifyChunks(file_.Pages(), std::span(&leaf, 1), std::span(&row_group, 1),
                                   ChunkCheck::kForReader));
  return Guarded([&]() -> arrow::Result<std::optional<int64_t>> {
    const auto column = std::dynamic_pointer_cast<parquet::ByteArrayReader>(
        arrow_->parquet_reader()->RowGroup(row_group)->Column(leaf));
    if (!column) return std::nullopt;
    auto row = FirstBadText(column.get(), *file_.metadata()->schema()->Column(leaf));
    if (row) *row += file_.group_first_rows()[static_cast<size_t>(row_group)];
    return row;
  });
}

/// What is wrong with the columns that Arrow could not read, with the place.
arrow::Status BulkReader::Explain(const arrow::Status& status, const std::vector<int>& row_groups,
                                  const std::vector<int>& leaves) const {
  ARROW_RETURN_NOT_OK(VerifyChunks(file_.Pages(), leaves, row_groups, ChunkCheck::kChecksums));
  ARROW_RETURN_NOT_OK(VerifyChunks(file_.Pages(), leaves, row_groups, ChunkCheck::kValues));
  if (status.IsOutOfMemory() || status.IsNotImplemented()) return status;
  // Arrow alone sees something: which column it is, it tells when it reads them one by one.
  const std::set<int> columns(leaves.begin(), leaves.end());
  for (const int group : row_groups) {
    for (const int leaf : columns) {
      const arrow::Status found =
          Guarded([&] { return arrow_->ReadRowGroup(group, {leaf}).status(); });
      if (found.ok()) continue;
      const std::string name = ColumnNameOf(*file_.metadata(), leaf);
      const auto bad_text = FindBadText(group, leaf);
      if (bad_text.ok() && *bad_text) return BadTextError(name, **bad_text, kRecoverText);
      const int64_t first_row = file_.group_first_rows()[static_cast<size_t>(group)];
      if (found.message() == "Invalid UTF8 payload") {  // Arrow's words
        return arrow::Status::Invalid("column '", MessageText(name), "', row group ", group,
                                      ", from row ", first_row,
                                      ": its dictionary has an entry that is no valid UTF-8, "
                                      "which no cell has; ",
                                      kRecoverText);
      }
      return AtRow(found, name, group, first_row);
    }
  }
  return arrow::Status::IOError(status.message());
}

}  // namespace usdparquet
