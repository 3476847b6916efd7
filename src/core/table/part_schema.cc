#include "core/table/part_schema.h"

#include <arrow/buffer.h>
#include <arrow/ipc/writer.h>
#include <arrow/type.h>
#include <arrow/util/base64.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/schema.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "core/schema/common_type.h"
#include "core/schema/footer.h"
#include "core/schema/schema_entry.h"
#include "core/util/message_text.h"

namespace usdparquet {
namespace {

using parquet::Repetition;
using parquet::schema::GroupNode;
using parquet::schema::NodePtr;
using parquet::schema::PrimitiveNode;

constexpr char kArrowSchemaKey[] = "ARROW:schema";

/// The same column, which a row need not have: files that lack it have rows too.
NodePtr Optional(const NodePtr& node) {
  if (node->repetition() != Repetition::REQUIRED) return node;
  if (node->is_group()) {
    const auto& group = static_cast<const GroupNode&>(*node);
    parquet::schema::NodeVector fields;
    for (int i = 0; i < group.field_count(); ++i) fields.push_back(group.field(i));
    if (!group.logical_type() || group.logical_type()->is_none()) {
      return GroupNode::Make(group.name(), Repetition::OPTIONAL, fields, group.converted_type(),
                             group.field_id());
    }
    return GroupNode::Make(group.name(), Repetition::OPTIONAL, fields, group.logical_type(),
                           group.field_id());
  }
  const auto& leaf = static_cast<const PrimitiveNode&>(*node);
  return PrimitiveNode::Make(leaf.name(), Repetition::OPTIONAL, leaf.logical_type(),
                             leaf.physical_type(), leaf.type_length(), leaf.field_id());
}

NodePtr NodeOf(const PartitionColumn& column) {
  using parquet::LogicalType;
  switch (column.type) {
    case PartitionColumn::Type::kInt32:
      return PrimitiveNode::Make(column.name, Repetition::OPTIONAL, LogicalType::None(),
                                 parquet::Type::INT32);
    case PartitionColumn::Type::kInt64:
      return PrimitiveNode::Make(column.name, Repetition::OPTIONAL, LogicalType::None(),
                                 parquet::Type::INT64);
    default:
      return PrimitiveNode::Make(column.name, Repetition::OPTIONAL, LogicalType::String(),
                                 parquet::Type::BYTE_ARRAY);
  }
}

std::shared_ptr<parquet::FileMetaData> MakeFooter(
    const parquet::SchemaDescriptor& schema,
    const std::shared_ptr<const arrow::KeyValueMetadata>& entries) {
  return parquet::FileMetaDataBuilder::Make(&schema, parquet::default_writer_properties())
      ->Finish(entries);
}

/// A copy whose nodes can be put into another schema.
arrow::Result<std::shared_ptr<parquet::FileMetaData>> CopyOf(
    const parquet::FileMetaData& metadata) {
  const FooterBytes bytes{0, arrow::Buffer::FromString(metadata.SerializeToString())};
  ARROW_ASSIGN_OR_RAISE(ParsedFooter parsed, ParseFooter(bytes));
  return std::move(parsed.metadata);
}

/// The columns and what Arrow takes them for.
struct ReadColumnsOf {
  TableSchema schema;
  std::shared_ptr<arrow::Schema> types;
};

arrow::Result<TableSchema> ReadTypes(const parquet::FileMetaData& metadata) {
  const auto any = [](std::string_view) { return true; };  // names of properties are not asked for
  return ReadSchema(metadata, {}, "", "", std::nullopt, any, WantedAs::kCells);
}

arrow::Result<ReadColumnsOf> ReadColumnsIn(const parquet::FileMetaData& metadata) {
  ReadColumnsOf read;
  ARROW_ASSIGN_OR_RAISE(read.schema, ReadTypes(metadata));
  ARROW_RETURN_NOT_OK(parquet::arrow::FromParquetSchema(
      metadata.schema(), parquet::default_arrow_reader_properties(), metadata.key_value_metadata(),
      &read.types));
  return read;
}

ColumnsByName ByName(const TableSchema& schema) {
  ColumnsByName columns;
  for (const ColumnInfo& column : schema.columns) columns.emplace(column.column_name, column);
  return columns;
}

bool HaveSameType(const ColumnInfo& a, const ColumnInfo& b) {
  const bool is_text = a.type.scalar == Scalar::kString;
  return a.type == b.type && (!is_text || (a.conversion == b.conversion && a.is_utc == b.is_utc));
}

class Unifier {
 public:
  explicit Unifier(const PartList& list) : list_(list) {
    for (const PartitionColumn& column : list.partitions) partitions_.insert(column.name);
  }

  arrow::Result<UnifiedSchema> Unify() {
    if (list_.schemas.size() == 1 && partitions_.empty()) return TakeOnly(list_.schemas[0]);
    for (size_t i = 0; i < list_.schemas.size(); ++i) {
      const arrow::Status read = Read(*list_.schemas[i]);
      if (!read.ok()) return read.WithMessage(FileOf(i), ": ", read.message());
      ARROW_RETURN_NOT_OK(Add(i));
    }
    for (const PartitionColumn& column : list_.partitions) {
      nodes_.push_back(NodeOf(column));
      types_.push_back(arrow::field(
          column.name, column.type == PartitionColumn::Type::kInt32   ? arrow::int32()
                       : column.type == PartitionColumn::Type::kInt64 ? arrow::int64()
                                                                      : arrow::utf8()));
    }
    UnifiedSchema unified;
    ARROW_ASSIGN_OR_RAISE(unified.metadata, Finish());
    ARROW_ASSIGN_OR_RAISE(const ReadColumnsOf all, ReadColumnsIn(*unified.metadata));
    unified.columns = ByName(all.schema);
    for (size_t i = 0; i < list_.schemas.size(); ++i) {
      ARROW_RETURN_NOT_OK(Check(i, unified.columns));
      unified.of_schemas.push_back(ByName(read_[i].schema));
    }
    return unified;
  }

 private:
  /// The first file with a schema, as messages name it.
  std::string FileOf(size_t schema) const {
    for (const Part& part : list_.parts) {
      if (part.schema == schema) return "'" + part.name + "'";
    }
    return "a file";
  }

  /// All files have the same columns: theirs are those of the dataset.
  arrow::Result<UnifiedSchema> TakeOnly(const std::shared_ptr<parquet::FileMetaData>& footer) {
    const GroupNode& root = *footer->schema()->group_node();
    std::unordered_set<std::string> own;
    for (int i = 0; i < root.field_count(); ++i) {
      if (own.insert(root.field(i)->name()).second) continue;
      return arrow::Status::Invalid(FileOf(0), ": two columns are named '",
                                    MessageText(root.field(i)->name()), "'");
    }
    UnifiedSchema only;
    only.metadata = footer;
    ARROW_ASSIGN_OR_RAISE(const TableSchema schema, ReadTypes(*footer));
    only.columns = ByName(schema);
    only.of_schemas.push_back(only.columns);
    return only;
  }

  arrow::Status Read(const parquet::FileMetaData& metadata) {
    ARROW_ASSIGN_OR_RAISE(ReadColumnsOf read, ReadColumnsIn(metadata));
    ARROW_ASSIGN_OR_RAISE(auto copy, CopyOf(metadata));
    std::unordered_set<std::string> own;
    for (const auto& field : read.types->fields()) {
      if (own.insert(field->name()).second) continue;
      return arrow::Status::Invalid("two columns are named '", MessageText(field->name()), "'");
    }
    ARROW_ASSIGN_OR_RAISE(SchemaEntry entry, SchemaEntryOf(metadata.key_value_metadata()));
    copies_.push_back(std::move(copy));
    entries_.push_back(std::move(entry));
    read_.push_back(std::move(read));
    return arrow::Status::OK();
  }

  /// Adds the columns of a schema that was read.
  arrow::Status Add(size_t schema) {
    const GroupNode& root = *copies_[schema]->schema()->group_node();
    for (int i = 0; i < root.field_count(); ++i) {
      const auto& field = read_[schema].types->field(i);
      if (partitions_.contains(field->name())) continue;
      const auto [known, is_new] = places_.try_emplace(field->name(), nodes_.size());
      if (is_new) {
        nodes_.push_back(Optional(root.field(i)));
        types_.push_back(field);
        continue;
      }
      NodePtr& node = nodes_[known->second];
      std::shared_ptr<arrow::Field>& so_far = types_[known->second];
      auto common = CommonType(so_far->type(), field->type());
      if (!common) return DifferentTypes(schema, i);
      if (common->Equals(*so_far->type())) continue;
      if (common->Equals(*field->type())) {
        node = Optional(root.field(i));
        so_far = field;
      } else {
        so_far = field->WithType(std::move(common))->WithNullable(true);
        ARROW_ASSIGN_OR_RAISE(node, MakeNode(so_far));
      }
    }
    return arrow::Status::OK();
  }

  /// How Parquet stores a column of a type that no file has.
  arrow::Result<NodePtr> MakeNode(const std::shared_ptr<arrow::Field>& field) {
    std::shared_ptr<parquet::SchemaDescriptor>& made = made_.emplace_back();
    ARROW_RETURN_NOT_OK(parquet::arrow::ToParquetSchema(
        arrow::schema({field}).get(), *parquet::default_writer_properties(), &made));
    return made->group_node()->field(0);
  }

  /// What the files say of their columns: of each what the first file says that describes it.
  SchemaEntry MergeEntries() {
    const bool is_exact = std::ranges::all_of(entries_, &SchemaEntry::is_exact);
    SchemaEntry merged;
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (!is_exact && entries_[i].is_exact) StateNullMeanings(&entries_[i]);
      if (i == 0) merged = entries_[0];
      for (const auto& [name, column] : entries_[i].columns) merged.columns.emplace(name, column);
    }
    merged.is_exact = is_exact && !entries_.empty();
    for (const std::string& name : partitions_) merged.columns.erase(name);
    return merged;
  }

  arrow::Result<std::shared_ptr<parquet::FileMetaData>> Finish() {
    parquet::SchemaDescriptor schema;
    schema.Init(GroupNode::Make("schema", Repetition::REPEATED, nodes_));
    const auto entries = std::make_shared<arrow::KeyValueMetadata>();
    const SchemaEntry merged = MergeEntries();
    if (merged != SchemaEntry()) entries->Append(kSchemaKey, SerializeSchemaEntry(merged));
    ARROW_ASSIGN_OR_RAISE(const auto types, arrow::ipc::SerializeSchema(*arrow::schema(types_)));
    entries->Append(kArrowSchemaKey, arrow::util::base64_encode(std::string_view(*types)));
    return MakeFooter(schema, entries);
  }

  /// Whether the columns of a schema have the types that those of the dataset have.
  arrow::Status Check(size_t schema, const ColumnsByName& all) const {
    const ReadColumnsOf& read = read_[schema];
    for (const ColumnInfo& column : read.schema.columns) {
      if (IsPartition(read, column.top)) continue;
      const auto found = all.find(column.column_name);
      if (found == all.end() || !HaveSameType(found->second, column)) {
        return DifferentTypes(schema, column.top);
      }
    }
    for (const LeftOutColumn& column : read.schema.left_out) {
      if (column.is_null || IsPartition(read, column.top)) continue;
      if (all.contains(column.column_name)) return DifferentTypes(schema, column.top);
    }
    return arrow::Status::OK();
  }

  bool IsPartition(const ReadColumnsOf& read, int top) const {
    return partitions_.contains(read.types->field(top)->name());
  }

  /// Names a column of a schema and the first file that has it in another type.
  arrow::Status DifferentTypes(size_t schema, int top) const {
    const arrow::Field& field = *read_[schema].types->field(top);
    size_t other = 0;
    for (; other < read_.size(); ++other) {
      if (other != schema && DoTypesDiffer(read_[schema], read_[other], field.name())) break;
    }
    if (other == read_.size()) return arrow::Status::UnknownError("no types differ");
    const auto& [first, second] = std::minmax(schema, other);
    const auto is_in = [&](size_t i) {
      return read_[i].types->GetFieldByName(field.name())->type()->ToString() + " in " + FileOf(i);
    };
    return arrow::Status::Invalid(
        MessageText("column '" + field.name() + "' is " + is_in(first) + " and " + is_in(second) +
                    "; write one of them again with the type of the other"));
  }

  /// Whether both have a column, and no table can have the values of both.
  static bool DoTypesDiffer(const ReadColumnsOf& a, const ReadColumnsOf& b,
                            const std::string& name) {
    const auto one = a.types->GetFieldByName(name), other = b.types->GetFieldByName(name);
    if (!one || !other) return false;
    if (!CommonType(one->type(), other->type())) return true;
    return AreColumnsOther(a, b, name) || AreColumnsOther(b, a, name);
  }

  /// Whether what is below column `name` in `a` is something else in `b`.
  static bool AreColumnsOther(const ReadColumnsOf& a, const ReadColumnsOf& b,
                              const std::string& name) {
    const ColumnsByName in_b = ByName(b.schema);
    const int top = a.types->GetFieldIndex(name);
    return std::ranges::any_of(a.schema.columns, [&](const ColumnInfo& column) {
      if (column.top != top) return false;
      const auto found = in_b.find(column.column_name);
      if (found != in_b.end()) return !HaveSameType(column, found->second);
      return std::ranges::any_of(b.schema.left_out, [&](const LeftOutColumn& other) {
        return !other.is_null && other.column_name == column.column_name;
      });
    });
  }

  const PartList& list_;
  std::unordered_set<std::string> partitions_;
  // Own the nodes.
  std::vector<std::shared_ptr<parquet::FileMetaData>> copies_;
  std::vector<std::shared_ptr<parquet::SchemaDescriptor>> made_;
  std::vector<ReadColumnsOf> read_;
  std::vector<SchemaEntry> entries_;
  std::unordered_map<std::string, size_t> places_;  // of the column in what follows
  parquet::schema::NodeVector nodes_;
  arrow::FieldVector types_;
};

}  // namespace

arrow::Result<UnifiedSchema> UnifySchemas(const PartList& list) { return Unifier(list).Unify(); }

bool AreStoredAlike(const ColumnInfo& a, const ColumnInfo& b) {
  return a.stored_scalar == b.stored_scalar && a.conversion == b.conversion &&
         a.ticks_per_second_log10 == b.ticks_per_second_log10 && a.is_utc == b.is_utc &&
         a.decimal_scale == b.decimal_scale;
}

std::shared_ptr<parquet::FileMetaData> SchemaFooter(const parquet::FileMetaData& metadata) {
  const auto kept = std::make_shared<arrow::KeyValueMetadata>();
  if (const auto& entries = metadata.key_value_metadata()) {
    for (const char* key : {kArrowSchemaKey, kSchemaKey}) {
      const int at = entries->FindKey(key);
      if (at >= 0) kept->Append(key, entries->value(at));
    }
  }
  return MakeFooter(*metadata.schema(), kept);
}

}  // namespace usdparquet
