#include "core/check/table_check.h"

#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/memory_pool.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "core/check/cell_check.h"
#include "core/check/table_checker.h"
#include "core/check/time_check.h"
#include "core/index/arrow_columns.h"
#include "core/schema/column_convert.h"
#include "core/schema/path_problem.h"
#include "core/schema/schema.h"
#include "core/schema/text_check.h"
#include "core/schema/timed_cells.h"
#include "core/schema/type_table.h"
#include "core/schema/without_views.h"
#include "core/util/guard.h"
#include "core/util/message_text.h"

namespace usdparquet {
namespace {

using arrow::Status;

/// What TableCheck::types has instead of an Sdf type for a relationship.
constexpr char kRelationshipType[] = "rel";

std::shared_ptr<parquet::ArrowWriterProperties> SchemaProperties() {
  return parquet::ArrowWriterProperties::Builder().store_schema()->build();
}

std::string NamesOf(const arrow::Schema& schema) {
  std::string names;
  for (const auto& field : schema.fields()) {
    if (names.size() > 400) return names + ", …";
    names += (names.empty() ? "'" : ", '") + field->name() + "'";
  }
  return names.empty() ? "no columns" : names;
}

Status CheckNames(const arrow::Schema& schema) {
  ARROW_RETURN_NOT_OK(CheckNamesAreText(schema));
  std::set<std::string> names;
  for (const auto& field : schema.fields()) {
    if (!names.insert(field->name()).second) {
      return Status::Invalid("two columns are named '", field->name(), "'; rename one");
    }
  }
  return Status::OK();
}

Status CheckPathColumn(const arrow::Schema& schema, const std::string& name) {
  const auto field = schema.GetFieldByName(name);
  if (!field) {
    return Status::Invalid("there is no column '", name,
                           "' with the prim paths; the argument 'path' names another one (the "
                           "table has ",
                           NamesOf(schema), ")");
  }
  const arrow::DataType* type = field->type().get();
  if (type->id() == arrow::Type::DICTIONARY) {
    type = static_cast<const arrow::DictionaryType*>(type)->value_type().get();
  }
  if (!arrow::is_string(type->id()) && type->id() != arrow::Type::STRING_VIEW) {
    return Status::Invalid("the path column '", name, "' has type ", field->type()->ToString(),
                           "; it must hold strings");
  }
  return Status::OK();
}

/// Columns that Arrow cannot store in Parquet at all.
Status CheckStorable(const arrow::Schema& schema) {
  const auto properties = parquet::default_writer_properties();
  for (const auto& field : schema.fields()) {
    std::shared_ptr<parquet::SchemaDescriptor> descriptor;
    const auto one = arrow::schema({field});
    const Status status =
        parquet::arrow::ToParquetSchema(one.get(), *properties, *SchemaProperties(), &descriptor);
    if (!status.ok()) {
      return Status::Invalid("column '", field->name(), "' has type ", field->type()->ToString(),
                             ", which Parquet cannot store; convert it or leave it out");
    }
  }
  return Status::OK();
}

/// Calls `f` with the name of each column that a layer looks at: of structs, with that of each
/// field.
void VisitColumns(const arrow::Field& field, const std::string& name,
                  const std::function<void(const std::string&)>& f) {
  if (field.type()->id() != arrow::Type::STRUCT) return f(name);
  for (const auto& child : field.type()->fields()) {
    VisitColumns(*child, name + ":" + child->name(), f);
  }
}

/// Fails if two columns become one property.
Status CheckProperties(const arrow::Schema& schema, const SchemaEntry& entry,
                       const TableCheck& check) {
  std::map<std::string, ColumnName> columns;  // by property
  Status status;
  const auto note = [&](const std::string& top, const std::string& name) {
    const auto found = entry.columns.find(name);
    std::string property;
    if (found != entry.columns.end()) {
      if (found->second.role == ColumnRole::kPrimMetadata) return;
      property = found->second.property;
    }
    if (property.empty()) property = MakePropertyName(name, check.unicode_test);
    const ColumnName column{top, name};
    const auto [it, is_new] = columns.emplace(property, column);
    if (is_new || !status.ok()) return;
    status = Status::Invalid(TwoColumns(it->second, column), " both become the property '",
                             property, "'; rename one");
  };
  for (const auto& field : schema.fields()) {
    const std::string& top = field->name();
    if (top == check.path_column) continue;
    VisitColumns(*field, top, [&](const std::string& name) { note(top, name); });
  }
  return status;
}

/// What the table says of itself, as far as it has the columns, and what `check` adds.
arrow::Result<SchemaEntry> MakeSchemaEntry(const arrow::Schema& schema, const TableCheck& check) {
  ARROW_ASSIGN_OR_RAISE(SchemaEntry entry, SchemaEntryOf(schema.metadata()));
  std::set<std::string> names;
  for (const auto& field : schema.fields()) {
    VisitColumns(*field, field->name(), [&](const std::string& name) { names.insert(name); });
  }
  std::erase_if(entry.columns, [&](const auto& column) { return !names.contains(column.first); });
  if (!schema.GetFieldByName(entry.time_column)) entry.time_column.clear();
  if (!check.time_column.empty()) {
    if (!schema.GetFieldByName(check.time_column)) {
      return Status::Invalid("there is no column '", check.time_column,
                             "' with the times, which the argument 'time' names (the table has ",
                             NamesOf(schema), ")");
    }
    entry.time_column = check.time_column;
  }
  entry.path_column = check.path_column == "path" ? "" : check.path_column;
  for (const auto& added : check.layer) {
    std::erase_if(entry.layer, [&](const auto& field) { return field.first == added.first; });
    entry.layer.push_back(added);
  }
  for (const auto& [name, sdf_type] : check.types) {
    const bool is_relationship = sdf_type == kRelationshipType;
    if (!is_relationship) {
      const auto shape = ShapeOfSdfType(sdf_type);
      if (!shape) {
        return Status::Invalid("column '", name, "': OpenUSD has no value type '", sdf_type, "'");
      }
      const bool is_default = SdfTypeName(*shape) == sdf_type;
      if (is_default && !entry.columns.contains(name)) continue;
    }
    const NullMeaning null = NullMeaningOf(entry, name);  // which a new entry may not change
    ColumnEntry& column = entry.columns[name];
    column.type = is_relationship ? "" : sdf_type;
    column.role = is_relationship ? ColumnRole::kRelationship : ColumnRole::kAttribute;
    if (NullMeaningOf(entry, name) != null) column.null = null;
  }
  return entry;
}

/// What the columns will be to a reader: the schema of a file of this table without rows.
arrow::Result<TableSchema> SchemaOf(const arrow::Schema& schema, const SchemaEntry& entry,
                                    const TableCheck& check) {
  auto read = Guarded([&]() -> arrow::Result<TableSchema> {
    ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create());
    ARROW_ASSIGN_OR_RAISE(
        auto writer,
        parquet::arrow::FileWriter::Open(schema, arrow::system_memory_pool(), sink,
                                         parquet::default_writer_properties(), SchemaProperties()));
    ARROW_RETURN_NOT_OK(writer->Close());
    return ReadSchema(*writer->metadata(), entry, check.path_column, entry.time_column,
                      std::nullopt, check.unicode_test);
  });
  // Whatever it is: no file is at fault, but the table.
  return read.status().IsIOError() ? Status::Invalid(read.status().message()) : read;
}

/// Fails unless the cells are absolute paths, or lists of them.
Status CheckTargets(const std::string& name, const arrow::ChunkedArray& column, int64_t first_row) {
  const arrow::DataType& type = *column.type();
  const bool has_lists = type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST;
  const arrow::DataType& text = has_lists ? *type.field(0)->type() : type;
  if (!arrow::is_string(text.id())) {
    return Status::Invalid("column '", name, "' has type ", type.ToString(),
                           "; a relationship has texts with paths, or lists of them");
  }
  int64_t row = first_row;
  for (const auto& chunk : column.chunks()) {
    for (int64_t i = 0; i < chunk->length(); ++i, ++row) {
      if (chunk->IsNull(i)) continue;
      std::shared_ptr<arrow::Array> cell = chunk->Slice(i, 1);
      if (has_lists)
        cell = type.id() == arrow::Type::LIST
                   ? static_cast<const arrow::ListArray&>(*chunk).value_slice(i)
                   : static_cast<const arrow::LargeListArray&>(*chunk).value_slice(i);
      ARROW_ASSIGN_OR_RAISE(const auto paths, StringViews(arrow::ChunkedArray(cell)));
      for (const std::string_view path : paths) {
        if (path.starts_with('/')) continue;
        return Status::Invalid("column '", name, "', row ", row, ": ", QuotedValue(path),
                               " is no absolute path, which a relationship's target is");
      }
    }
  }
  return Status::OK();
}

std::string AndMore(uint32_t count) {
  if (count < 2) return "";
  return " (and " + std::to_string(count - 1) + " more such row" + (count > 2 ? "s)" : ")");
}

Status CheckPaths(const RowOrdering& rows, const std::string& time_column, const TableCheck& check,
                  const PathOfRow& path_of) {
  if (rows.num_invalid() > 0) {
    const auto& [row, path] = *rows.first_invalid();
    if (!path) {
      return Status::Invalid("column '", check.path_column, "', row ", row,
                             ": the path is null; every row needs the path of its prim",
                             AndMore(rows.num_invalid()));
    }
    return Status::Invalid("column '", check.path_column, "', row ", row, ": ", QuotedValue(*path),
                           " is no absolute prim path: ", PathProblem(*path, check.unicode_test),
                           AndMore(rows.num_invalid()));
  }
  if (!time_column.empty()) return CheckTimes(time_column, rows, path_of);
  if (rows.num_repeated() == 0) return Status::OK();
  const auto& [row, path] = *rows.first_repeated();
  return Status::Invalid("column '", check.path_column, "', row ", row, ": ", QuotedValue(*path),
                         " is the path of row ", rows.RowBefore(row),
                         " already; a prim has one row", AndMore(rows.num_repeated()));
}

}  // namespace

arrow::Result<std::unique_ptr<TableChecker>> TableChecker::Make(const arrow::Schema& schema,
                                                                const TableCheck& check) {
  std::unique_ptr<TableChecker> checker(new TableChecker(check));
  ARROW_RETURN_NOT_OK(Guarded([&] { return checker->Init(schema); }));
  return checker;
}

Status TableChecker::Init(const arrow::Schema& schema) {
  ARROW_RETURN_NOT_OK(CheckNames(schema));
  ARROW_RETURN_NOT_OK(CheckPathColumn(schema, check_.path_column));
  ARROW_RETURN_NOT_OK(CheckStorable(schema));
  ARROW_ASSIGN_OR_RAISE(entry_, MakeSchemaEntry(schema, check_));
  ARROW_RETURN_NOT_OK(CheckProperties(schema, entry_, check_));
  if (!(entry_ == SchemaEntry())) schema_json_ = SerializeSchemaEntry(entry_);
  const auto given = arrow::schema(schema.fields(), schema.metadata());
  ARROW_ASSIGN_OR_RAISE(auto none, arrow::Table::MakeEmpty(given));
  ARROW_ASSIGN_OR_RAISE(none, WithoutViewsAndDictionary(std::move(none), check_.path_column));
  if (!check_.types.empty()) {
    ARROW_ASSIGN_OR_RAISE(given_, SchemaOf(*none->schema(), {}, check_));
  }
  ARROW_ASSIGN_OR_RAISE(none, Converted(std::move(none)));
  schema_ = none->schema();
  converts_ = !schema_->Equals(*given);
  ARROW_ASSIGN_OR_RAISE(const TableSchema read, SchemaOf(*schema_, entry_, check_));
  if (!check_.is_strict || read.left_out.empty()) return Status::OK();
  const LeftOutColumn& column = read.left_out[0];
  return Status::Invalid("column '", column.column_name, "': ", column.reason,
                         "; convert it or leave it out");
}

/// The rows with the columns converted that `check.types` names.
arrow::Result<std::shared_ptr<arrow::Table>> TableChecker::Converted(
    std::shared_ptr<arrow::Table> rows) const {
  for (const auto& [name, sdf_type] : check_.types) {
    const int i = rows->schema()->GetFieldIndex(name);
    if (i < 0 || name == check_.path_column) {
      return Status::Invalid("argument 'types' names '", name,
                             "', which is no property column of the table (it has ",
                             NamesOf(*rows->schema()), ")");
    }
    if (sdf_type == kRelationshipType) {
      ARROW_RETURN_NOT_OK(CheckTargets(name, *rows->column(i), num_rows_));
      continue;
    }
    const auto shape = ShapeOfSdfType(sdf_type);
    bool has_shape = false;
    for (const ColumnInfo& column : given_.columns) {
      has_shape = has_shape || (column.column_name == name && column.type == *shape);
    }
    if (has_shape) continue;
    ARROW_ASSIGN_OR_RAISE(auto column,
                          ConvertColumn(name, rows->column(i), *shape, sdf_type, num_rows_));
    const auto field = rows->field(i)->WithType(column->type());
    ARROW_ASSIGN_OR_RAISE(rows, rows->SetColumn(i, field, std::move(column)));
  }
  return rows;
}

arrow::Result<std::shared_ptr<arrow::Table>> TableChecker::Add(std::shared_ptr<arrow::Table> rows) {
  return Guarded([&]() -> arrow::Result<std::shared_ptr<arrow::Table>> {
    ARROW_ASSIGN_OR_RAISE(auto made,
                          WithoutViewsAndDictionary(std::move(rows), check_.path_column));
    ARROW_ASSIGN_OR_RAISE(made, Converted(std::move(made)));
    ARROW_RETURN_NOT_OK(Look(*made));
    num_rows_ += made->num_rows();
    return made;
  });
}

/// Notes what is wrong with the next rows.
Status TableChecker::Look(const arrow::Table& rows) {
  // Text that is no UTF-8 keeps some readers from the whole file.
  for (int i = 0; i < rows.num_columns(); ++i) {
    if (bad_texts_.contains(i)) continue;
    if (const auto row = FindBadText(*rows.column(i))) bad_texts_[i] = num_rows_ + *row;
  }
  if (!check_.is_strict) return Status::OK();
  const std::string& time_column = entry_.time_column;
  const auto times = rows.GetColumnByName(time_column);
  const Status added = ordering_.Add(*rows.GetColumnByName(check_.path_column), check_.path_column,
                                     times.get(), time_column);
  if (bad_rows_.ok()) bad_rows_ = added;
  ARROW_ASSIGN_OR_RAISE(const auto lost,
                        FindTimedCells(rows, check_.path_column, time_column, entry_));
  for (TimedCells cells : lost) {
    cells.first_row += num_rows_;
    const auto known = std::ranges::find(timed_cells_, cells.column, &TimedCells::column);
    if (known == timed_cells_.end()) {
      timed_cells_.push_back(std::move(cells));
    } else {
      known->count += cells.count;
    }
  }
  for (int i = 0; i < rows.num_columns(); ++i) {
    const std::string& name = rows.field(i)->name();
    if (name == check_.path_column || name == time_column || bad_cells_.contains(i)) continue;
    if (auto bad = FindBadCell(*rows.column(i))) {
      bad->row += num_rows_;
      bad_cells_[i] = *bad;
    }
  }
  return Status::OK();
}

Status TableChecker::Finish(const PathOfRow& path_of) const {
  return Guarded([&]() -> Status {
    const auto name = [this](int i) { return schema_->field(i)->name(); };
    if (check_.is_strict) {
      if (ordering_.num_invalid() == 0) ARROW_RETURN_NOT_OK(bad_rows_);
      ARROW_RETURN_NOT_OK(CheckPaths(ordering_, entry_.time_column, check_, path_of));
      if (!timed_cells_.empty()) return Status::Invalid(DescribeTimedCells(timed_cells_.front()));
    }
    if (!bad_texts_.empty()) {
      const auto& [i, row] = *bad_texts_.begin();
      return BadTextError(name(i), row, kCorrectText);
    }
    if (bad_cells_.empty()) return Status::OK();
    const auto& [i, bad] = *bad_cells_.begin();
    return Status::Invalid("column '", name(i), "', row ", bad.row, ": the cell ", bad.reason,
                           "; correct it or make it null");
  });
}

arrow::Result<CheckedTable> CheckTable(std::shared_ptr<arrow::Table> table,
                                       const TableCheck& check) {
  ARROW_ASSIGN_OR_RAISE(const auto checker, TableChecker::Make(*table->schema(), check));
  ARROW_ASSIGN_OR_RAISE(auto checked, checker->Add(std::move(table)));
  ARROW_RETURN_NOT_OK(checker->Finish(
      [&](int64_t row) { return PathAt(*checked->GetColumnByName(check.path_column), row); }));
  return CheckedTable{std::move(checked), checker->schema_json()};
}

arrow::Result<std::string> PathAt(const arrow::ChunkedArray& paths, int64_t row) {
  ARROW_ASSIGN_OR_RAISE(const auto texts, StringViews(*paths.Slice(row, 1)));
  return std::string(texts.at(0));
}

}  // namespace usdparquet
