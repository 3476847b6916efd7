#include "core/table/part_rows.h"

#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/datum.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "core/table/bulk_reader.h"
#include "core/table/field_leaves.h"
#include "core/util/file_name.h"
#include "core/util/guard.h"

namespace usdparquet {
namespace {

using parquet::arrow::SchemaField;

/// The number in a text that was checked when it was listed.
int64_t NumberIn(const std::string& text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// Columns of the dataset, read from one file after the other.
class PartsReader {
 public:
  PartsReader(const PartFiles& parts, const parquet::arrow::SchemaManifest& manifest,
              const std::vector<int>& leaves, arrow::MemoryPool* pool)
      : parts_(parts), metadata_(manifest.schema_metadata), pool_(pool) {
    for (const SchemaField& field : manifest.schema_fields) {
      std::vector<int> own;
      CollectLeaves(field, &own);
      const auto is_wanted = [&](int leaf) {
        return std::ranges::find(leaves, leaf) != leaves.end();
      };
      if (std::ranges::any_of(own, is_wanted)) fields_.push_back(field.field);
    }
    cells_.resize(fields_.size());
  }

  arrow::Status AddPart(uint32_t part) {
    int64_t rows = 0;
    for (const uint32_t count : parts_.list().parts[part].group_rows) rows += count;
    if (rows == 0) return arrow::Status::OK();
    return Add(part, rows, [](const BulkReader& reader, const std::vector<int>& leaves) {
      return reader.ReadAll(leaves);
    });
  }

  arrow::Status AddGroup(uint32_t group) {
    const PartFiles::Group& at = parts_.GroupAt(group);
    const uint32_t rows = parts_.list().parts[at.part].group_rows[static_cast<size_t>(at.number)];
    return Add(at.part, rows, [&](const BulkReader& reader, const std::vector<int>& leaves) {
      return reader.ReadGroup(at.number, leaves);
    });
  }

  arrow::Result<std::shared_ptr<arrow::Table>> Finish() {
    arrow::ChunkedArrayVector columns;
    for (size_t i = 0; i < fields_.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(auto column,
                            arrow::ChunkedArray::Make(std::move(cells_[i]), fields_[i]->type()));
      columns.push_back(std::move(column));
    }
    return arrow::Table::Make(arrow::schema(fields_, metadata_), std::move(columns), rows_);
  }

 private:
  template <typename Read>
  arrow::Status Add(uint32_t part, int64_t rows, const Read& read) {
    const auto add = [&]() -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(const auto open, parts_.Open(part));
      return WithFileName(AddFrom(*open, part, rows, read), parts_.list().parts[part].name);
    };
    return Guarded(add);
  }

  template <typename Read>
  arrow::Status AddFrom(const OpenPart& open, uint32_t part, int64_t rows, const Read& read) {
    ARROW_ASSIGN_OR_RAISE(const auto reader, BulkReader::Open(open.file, pool_));
    const auto& own = reader->manifest().schema_fields;
    std::vector<int> leaves;
    for (const SchemaField& field : own) {
      if (IsWanted(*field.field)) CollectLeaves(field, &leaves);
    }
    std::shared_ptr<arrow::Table> table;
    if (!leaves.empty()) {
      ARROW_ASSIGN_OR_RAISE(table, read(*reader, leaves));
    }
    for (size_t i = 0; i < fields_.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(const auto column, CellsOf(table.get(), part, *fields_[i], rows));
      for (const auto& chunk : column->chunks()) cells_[i].push_back(chunk);
    }
    rows_ += rows;
    return arrow::Status::OK();
  }

  bool IsWanted(const arrow::Field& field) const {
    return !parts_.PartitionOf(field.name()) &&
           std::ranges::any_of(fields_, [&](const auto& f) { return f->name() == field.name(); });
  }

  arrow::Result<std::shared_ptr<arrow::ChunkedArray>> CellsOf(const arrow::Table* table,
                                                              uint32_t part,
                                                              const arrow::Field& field,
                                                              int64_t rows) const {
    if (const auto partition = parts_.PartitionOf(field.name())) {
      ARROW_ASSIGN_OR_RAISE(const auto scalar,
                            ScalarOf(parts_.list().parts[part].keys[*partition], field.type()));
      ARROW_ASSIGN_OR_RAISE(const auto array, arrow::MakeArrayFromScalar(*scalar, rows, pool_));
      return std::make_shared<arrow::ChunkedArray>(array);
    }
    const auto column = table ? table->GetColumnByName(field.name()) : nullptr;
    if (!column) {
      ARROW_ASSIGN_OR_RAISE(const auto array, arrow::MakeArrayOfNull(field.type(), rows, pool_));
      return std::make_shared<arrow::ChunkedArray>(array);
    }
    if (column->type()->Equals(*field.type())) return column;
    auto cast = arrow::compute::Cast(arrow::Datum(column), field.type());
    if (cast.ok()) return cast->chunked_array();
    return arrow::Status::Invalid(
        "column '", field.name(), "' of type ", column->type()->ToString(), " can't be read as ",
        field.type()->ToString(), ", which other files have: ", cast.status().message());
  }

  static arrow::Result<std::shared_ptr<arrow::Scalar>> ScalarOf(
      const std::optional<std::string>& text, const std::shared_ptr<arrow::DataType>& type) {
    if (!text) return arrow::MakeNullScalar(type);
    if (type->id() == arrow::Type::STRING) return arrow::MakeScalar(*text);
    return arrow::MakeScalar(NumberIn(*text))->CastTo(type);
  }

  const PartFiles& parts_;
  const std::shared_ptr<const arrow::KeyValueMetadata> metadata_;
  arrow::MemoryPool* const pool_;
  arrow::FieldVector fields_;  // that are wanted, as the dataset has them
  std::vector<arrow::ArrayVector> cells_;
  int64_t rows_ = 0;
};

}  // namespace

arrow::Result<std::shared_ptr<arrow::Table>> ReadAllParts(
    const PartFiles& parts, const parquet::arrow::SchemaManifest& manifest,
    const std::vector<int>& leaves, arrow::MemoryPool* pool) {
  PartsReader reader(parts, manifest, leaves, pool);
  for (uint32_t part = 0; part < parts.list().parts.size(); ++part) {
    ARROW_RETURN_NOT_OK(reader.AddPart(part));
  }
  return reader.Finish();
}

arrow::Result<std::shared_ptr<arrow::Table>> ReadPartGroup(
    const PartFiles& parts, uint32_t group, const parquet::arrow::SchemaManifest& manifest,
    const std::vector<int>& leaves, arrow::MemoryPool* pool) {
  if (group >= parts.num_groups()) {
    return arrow::Status::Invalid("there is no row group ", group);
  }
  PartsReader reader(parts, manifest, leaves, pool);
  ARROW_RETURN_NOT_OK(reader.AddGroup(group));
  return reader.Finish();
}

}  // namespace usdparquet
