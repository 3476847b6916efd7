#include "core/recover/column_parts.h"

#include <utility>

#include "core/table/field_leaves.h"
#include "core/util/utf8.h"

namespace usdparquet {
namespace {

using parquet::arrow::SchemaField;
using parquet::schema::GroupNode;
using parquet::schema::Node;
using parquet::schema::NodePtr;
using parquet::schema::PrimitiveNode;

const GroupNode& AsGroup(const Node& node) { return static_cast<const GroupNode&>(node); }

/// The group with other fields.
NodePtr GroupWith(const Node& node, const parquet::schema::NodeVector& fields) {
  // A struct's type is one that Arrow gives, but does not take.
  const auto& type = node.logical_type();
  return GroupNode::Make(node.name(), node.repetition(), fields,
                         type && type->is_nested() ? type : nullptr, node.field_id());
}

/// A copy, because a node knows the one group that it is in.
NodePtr Copy(const Node& node) {
  if (node.is_primitive()) {
    const auto& leaf = static_cast<const PrimitiveNode&>(node);
    return PrimitiveNode::Make(leaf.name(), leaf.repetition(), leaf.logical_type(),
                               leaf.physical_type(), leaf.type_length(), leaf.field_id());
  }
  parquet::schema::NodeVector fields;
  for (int i = 0; i < AsGroup(node).field_count(); ++i) {
    fields.push_back(Copy(*AsGroup(node).field(i)));
  }
  return GroupWith(node, fields);
}

bool IsStruct(const SchemaField& field, const Node& node) {
  return field.field->type()->id() == arrow::Type::STRUCT && node.is_group() &&
         !node.is_repeated() &&
         AsGroup(node).field_count() == static_cast<int>(field.children.size()) &&
         !field.children.empty();
}

/// The parts of a field, which its callers put into the structs around it.
std::vector<ColumnPart> Split(const SchemaField& field, const Node& node) {
  if (!IsStruct(field, node)) {
    return {ColumnPart{field.field->name(), {}, LeavesOf(field), field.field, Copy(node)}};
  }
  std::vector<ColumnPart> parts;
  for (size_t i = 0; i < field.children.size(); ++i) {
    for (ColumnPart& part : Split(field.children[i], *AsGroup(node).field(static_cast<int>(i)))) {
      part.name = field.field->name() + ":" + part.name;
      part.steps.insert(part.steps.begin(), static_cast<int>(i));
      part.field = field.field->WithType(arrow::struct_({part.field}));
      part.node = GroupWith(node, {part.node});
      parts.push_back(std::move(part));
    }
  }
  return parts;
}

}  // namespace

std::vector<int> LeavesOf(const SchemaField& column) {
  std::vector<int> leaves;
  CollectLeaves(column, &leaves);
  return leaves;
}

std::vector<ColumnPart> PartsOf(const SchemaField& column, const Node& node) {
  return Split(column, node);
}

bool HasRequiredPart(const arrow::Field& field) {
  if (!field.nullable()) return true;
  if (field.type()->id() != arrow::Type::STRUCT) return false;
  for (const auto& child : field.type()->fields()) {
    if (HasRequiredPart(*child)) return true;
  }
  return false;
}

std::shared_ptr<arrow::Field> WithNullableParts(const std::shared_ptr<arrow::Field>& field) {
  if (field->type()->id() != arrow::Type::STRUCT) return field->WithNullable(true);
  arrow::FieldVector children;
  for (const auto& child : field->type()->fields()) children.push_back(WithNullableParts(child));
  return field->WithNullable(true)->WithType(arrow::struct_(std::move(children)));
}

std::shared_ptr<arrow::Field> WithReadableNames(const std::shared_ptr<arrow::Field>& field) {
  auto readable = field->WithName(WithValidUtf8(field->name()));
  if (field->type()->id() != arrow::Type::STRUCT) return readable;
  arrow::FieldVector children;
  for (const auto& child : field->type()->fields()) children.push_back(WithReadableNames(child));
  return readable->WithType(arrow::struct_(std::move(children)));
}

}  // namespace usdparquet
