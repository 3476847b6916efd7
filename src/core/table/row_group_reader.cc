#include "core/table/row_group_reader.h"

#include <algorithm>
#include <utility>

#include "core/schema/text_check.h"
#include "core/schema/without_views.h"
#include "core/table/field_leaves.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"

namespace usdparquet {
namespace {

using parquet::arrow::SchemaField;

}  // namespace

arrow::Result<std::unique_ptr<RowGroupReader>> RowGroupReader::Open(
    std::shared_ptr<arrow::io::RandomAccessFile> file, std::string name) {
  auto opened = Guarded([&] { return TableFile::Open(std::move(file)); }, "the file is damaged: ");
  if (!opened.ok()) return WithFileName(opened.status(), name);
  return Open(std::move(*opened), std::move(name));
}

arrow::Result<std::unique_ptr<RowGroupReader>> RowGroupReader::Open(TableFile file,
                                                                    std::string name) {
  auto opened = Guarded(
      [&]() -> arrow::Result<std::unique_ptr<RowGroupReader>> {
        std::unique_ptr<RowGroupReader> reader(new RowGroupReader(std::move(file), name));
        ARROW_RETURN_NOT_OK(reader->Init());
        return reader;
      },
      "the file is damaged: ");
  return WithFileName(std::move(opened), name);
}

arrow::Status RowGroupReader::Init() {
  ARROW_ASSIGN_OR_RAISE(bulk_, BulkReader::Open(file_));
  arrow::FieldVector fields;
  for (const SchemaField& field : bulk_->manifest().schema_fields) {
    fields.push_back(field.field->WithType(WithoutViews(field.field->type())));
    leaves_.emplace_back();
    CollectLeaves(field, &leaves_.back());
  }
  schema_ = arrow::schema(std::move(fields));
  return CheckNamesAreText(*schema_);
}

arrow::Result<std::shared_ptr<arrow::Table>> RowGroupReader::Read(
    int row_group, const std::vector<int>& columns) const {
  return WithFileName(Guarded([&] { return ReadColumns(row_group, columns); }), name_);
}

arrow::Result<std::shared_ptr<arrow::Table>> RowGroupReader::ReadColumns(
    int row_group, const std::vector<int>& columns) const {
  const auto& first_rows = file_.group_first_rows();
  if (row_group < 0 || static_cast<size_t>(row_group) + 1 >= first_rows.size()) {
    return arrow::Status::Invalid("there is no row group ", row_group);
  }
  const auto group = static_cast<size_t>(row_group);
  // Each column once and in the file's order, as Arrow reads them.
  std::vector<int> asked = columns;
  std::sort(asked.begin(), asked.end());
  asked.erase(std::unique(asked.begin(), asked.end()), asked.end());
  std::vector<int> leaves;
  for (const int column : asked) {
    if (column < 0 || column >= schema_->num_fields()) {
      return arrow::Status::Invalid("there is no column ", column);
    }
    const std::vector<int>& below = leaves_[static_cast<size_t>(column)];
    leaves.insert(leaves.end(), below.begin(), below.end());
  }
  arrow::FieldVector fields;
  arrow::ChunkedArrayVector cells;
  if (!asked.empty()) {
    ARROW_ASSIGN_OR_RAISE(auto read, bulk_->ReadGroup(row_group, leaves));
    ARROW_ASSIGN_OR_RAISE(read, WithoutViews(std::move(read)));
    if (static_cast<size_t>(read->num_columns()) != asked.size()) {
      return arrow::Status::IOError("a column was not read");
    }
    for (const int column : columns) {
      const auto at = std::lower_bound(asked.begin(), asked.end(), column) - asked.begin();
      fields.push_back(read->field(static_cast<int>(at)));
      cells.push_back(read->column(static_cast<int>(at)));
    }
  }
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(cells),
                            first_rows[group + 1] - first_rows[group]);
}

}  // namespace usdparquet
