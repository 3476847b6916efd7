#include "core/table/bulk_reader.h"

#include <arrow/memory_pool.h>
#include <parquet/file_reader.h>

#include <numeric>
#include <set>
#include <string>

#include "core/pages/page_cache.h"
#include "core/pages/verify_chunk.h"
#include "core/util/guard.h"

namespace usdparquet {
namespace {

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

arrow::Result<std::unique_ptr<BulkReader>> BulkReader::Open(const TableFile& file) {
  std::unique_ptr<BulkReader> reader(new BulkReader(file));
  parquet::ReaderProperties properties(arrow::system_memory_pool());
  properties.set_page_checksum_verification(true);
  parquet::arrow::FileReaderBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Open(file.file(), properties, file.metadata()));
  ARROW_ASSIGN_OR_RAISE(reader->arrow_, builder.memory_pool(arrow::system_memory_pool())->Build());
  reader->arrow_->set_use_threads(true);
  return reader;
}

arrow::Result<std::shared_ptr<arrow::Table>> BulkReader::ReadAll(
    const std::vector<int>& leaves) const {
  return Read(AllRowGroups(*file_.metadata()), leaves);
}

arrow::Result<std::shared_ptr<arrow::Table>> BulkReader::ReadAll() const {
  return ReadAll(AllLeaves(*file_.metadata()));
}

arrow::Result<std::shared_ptr<arrow::Table>> BulkReader::ReadGroup(
    int row_group, const std::vector<int>& leaves) const {
  return Read({row_group}, leaves);
}

arrow::Result<std::shared_ptr<arrow::Table>> BulkReader::Read(
    const std::vector<int>& row_groups, const std::vector<int>& leaves) const {
  ARROW_RETURN_NOT_OK(VerifyChunks(file_.Pages(), leaves, row_groups, ChunkCheck::kForReader));
  int64_t rows = 0;
  for (const int group : row_groups) rows += file_.metadata()->RowGroup(group)->num_rows();
  auto read = Guarded([&]() -> arrow::Result<std::shared_ptr<arrow::Table>> {
    ARROW_ASSIGN_OR_RAISE(auto table, arrow_->ReadRowGroups(row_groups, leaves));
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
      return AtRow(found, ColumnNameOf(*file_.metadata(), leaf), group,
                   file_.group_first_rows()[static_cast<size_t>(group)]);
    }
  }
  return arrow::Status::IOError(status.message());
}

}  // namespace usdparquet
