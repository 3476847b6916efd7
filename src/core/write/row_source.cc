#include "core/write/row_source.h"

#include <algorithm>
#include <numeric>

#include "core/dataset/dataset.h"
#include "core/schema/schema_entry.h"
#include "core/schema/text_check.h"
#include "core/table/field_leaves.h"
#include "core/table/part_files.h"
#include "core/util/block_memory.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"

namespace usdparquet {
namespace {

/// Row groups of so many rows are read whole, column by column in several threads.
constexpr int64_t kRowsReadWhole = 262'144;
/// Larger ones in portions of no more rows than these.
constexpr int64_t kRowsAtOnce = 65'536;

}  // namespace

arrow::Status RowSource::Visit(const std::vector<int>& columns, const Visitor& f) const {
  return Read(columns, f);
}

arrow::Status RowSource::VisitAll(const Visitor& f) const {
  std::vector<int> columns(static_cast<size_t>(schema()->num_fields()));
  std::iota(columns.begin(), columns.end(), 0);
  return Read(columns, f);
}

arrow::Status TableRows::Read(const std::vector<int>& columns, const Visitor& f) const {
  ARROW_ASSIGN_OR_RAISE(const auto part, table_->SelectColumns(columns));
  return f(*part);
}

arrow::Status SpooledRows::Read(const std::vector<int>& columns, const Visitor& f) const {
  for (size_t i = 0; i < spool_->size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, WithFileName(spool_->Read(i), name_));
    ARROW_ASSIGN_OR_RAISE(auto table, arrow::Table::FromRecordBatches(schema_, {batch}));
    ARROW_ASSIGN_OR_RAISE(table, table->SelectColumns(columns));
    ARROW_RETURN_NOT_OK(f(*table));
  }
  return arrow::Status::OK();
}

arrow::Result<std::unique_ptr<FileRows>> FileRows::Open(const std::string& name,
                                                        int64_t portion_bytes) {
  auto opened = Guarded([&]() -> arrow::Result<std::unique_ptr<FileRows>> {
    ARROW_ASSIGN_OR_RAISE(TableFile file, OpenTableFileOrDataset(name));
    std::unique_ptr<FileRows> rows(new FileRows(std::move(file), name, portion_bytes));
    ARROW_RETURN_NOT_OK(rows->Init());
    return rows;
  });
  return WithFileName(std::move(opened), name);
}

arrow::Status FileRows::Init() {
  ARROW_ASSIGN_OR_RAISE(reader_, BulkReader::Open(file_, BlockPool()));
  arrow::FieldVector fields;
  for (const parquet::arrow::SchemaField& field : reader_->manifest().schema_fields) {
    fields.push_back(field.field);
    leaves_.emplace_back();
    CollectLeaves(field, &leaves_.back());
  }
  schema_ = arrow::schema(std::move(fields), reader_->manifest().schema_metadata);
  ARROW_RETURN_NOT_OK(CheckNamesAreText(*schema_));
  return SchemaEntryOf(schema_->metadata()).status();
}

arrow::Result<int64_t> FileRows::BytesOf(uint32_t group) const {
  if (!file_.parts()) {
    return file_.metadata()->RowGroup(static_cast<int>(group))->total_byte_size();
  }
  const PartFiles::Group& at = file_.parts()->GroupAt(group);
  ARROW_ASSIGN_OR_RAISE(const auto open, file_.parts()->Open(at.part));
  return open->file.metadata()->RowGroup(at.number)->total_byte_size();
}

arrow::Status FileRows::Read(const std::vector<int>& columns, const Visitor& f) const {
  std::vector<int> leaves;
  for (const int column : columns) {
    const std::vector<int>& below = leaves_[static_cast<size_t>(column)];
    leaves.insert(leaves.end(), below.begin(), below.end());
  }
  const std::vector<uint32_t>& first_rows = file_.group_first_rows();
  int64_t first_row = 0;
  arrow::Status stopped;
  const auto visit = [&](const arrow::Table& rows) -> arrow::Status {
    for (int i = 0; i < rows.num_columns(); ++i) {
      if (const auto row = FindBadText(*rows.column(i))) {
        return BadTextError(rows.field(i)->name(), first_row + *row, kRecoverText);
      }
    }
    first_row += rows.num_rows();
    stopped = Guarded([&] { return f(rows); });
    return stopped;
  };
  const arrow::Status status = Guarded([&]() -> arrow::Status {
    for (uint32_t number = 0; number < file_.num_groups(); ++number) {
      const int64_t rows = first_rows[number + 1] - first_rows[number];
      if (rows == 0) continue;
      const auto group = static_cast<int>(number);
      ARROW_ASSIGN_OR_RAISE(const int64_t told, BytesOf(number));
      const int64_t bytes = std::max<int64_t>(told, 1);
      if (rows <= kRowsReadWhole && bytes <= portion_bytes_) {
        ARROW_ASSIGN_OR_RAISE(const auto table, reader_->ReadGroup(group, leaves));
        ARROW_RETURN_NOT_OK(visit(*table));
        continue;
      }
      const int64_t row_bytes = std::max<int64_t>(bytes / rows, 1);
      const int64_t at_once = std::clamp<int64_t>(portion_bytes_ / row_bytes, 1, kRowsAtOnce);
      ARROW_RETURN_NOT_OK(reader_->VisitGroup(group, leaves, at_once, visit));
    }
    return arrow::Status::OK();
  });
  return stopped.ok() ? WithFileName(status, name_) : stopped;
}

}  // namespace usdparquet
