#include "core/schema/without_views.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/type.h>

#include "core/schema/nested_arrays.h"

namespace usdparquet {

std::shared_ptr<arrow::DataType> WithoutViews(const std::shared_ptr<arrow::DataType>& type) {
  const auto first = [&] { return type->field(0)->WithType(WithoutViews(type->field(0)->type())); };
  switch (type->id()) {
    case arrow::Type::STRING_VIEW:
      return arrow::large_utf8();
    case arrow::Type::BINARY_VIEW:
      return arrow::large_binary();
    case arrow::Type::LIST:
      return arrow::list(first());
    case arrow::Type::LARGE_LIST:
      return arrow::large_list(first());
    case arrow::Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(
          first(), static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) {
        fields.push_back(field->WithType(WithoutViews(field->type())));
      }
      return arrow::struct_(std::move(fields));
    }
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryType&>(*type);
      const auto value = WithoutViews(dictionary.value_type());
      if (value->Equals(*dictionary.value_type())) return type;
      return value;
    }
    default:
      return type;
  }
}

namespace {

/// `array` with plain text for the entries of its dictionaries, at any depth: Arrow cannot cast a
/// dictionary of views.
arrow::Result<std::shared_ptr<arrow::Array>> WithoutViewEntries(
    const std::shared_ptr<arrow::Array>& array) {
  if (array->type_id() == arrow::Type::DICTIONARY) {
    const auto& coded = static_cast<const arrow::DictionaryArray&>(*array);
    const auto& type = static_cast<const arrow::DictionaryType&>(*array->type());
    const auto value = WithoutViews(type.value_type());
    if (value->Equals(*type.value_type())) return array;
    ARROW_ASSIGN_OR_RAISE(const auto entries, arrow::compute::Cast(*coded.dictionary(), value));
    return arrow::DictionaryArray::FromArrays(
        arrow::dictionary(type.index_type(), value, type.ordered()), coded.indices(), entries);
  }
  if (array->type_id() == arrow::Type::MAP) return array;
  return WithChildren(array, [](const auto& child, int) { return WithoutViewEntries(child); });
}

/// `table` with column `i` cast to `type`.
arrow::Result<std::shared_ptr<arrow::Table>> CastColumn(
    const std::shared_ptr<arrow::Table>& table, int i,
    const std::shared_ptr<arrow::DataType>& type) {
  if (type->Equals(*table->field(i)->type())) return table;
  arrow::ArrayVector chunks;
  for (const auto& chunk : table->column(i)->chunks()) {
    ARROW_ASSIGN_OR_RAISE(const auto plain, WithoutViewEntries(chunk));
    ARROW_ASSIGN_OR_RAISE(auto cast, arrow::compute::Cast(*plain, type));
    chunks.push_back(std::move(cast));
  }
  return table->SetColumn(i, table->field(i)->WithType(type),
                          std::make_shared<arrow::ChunkedArray>(std::move(chunks), type));
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::Table>> WithoutViews(std::shared_ptr<arrow::Table> table) {
  for (int i = 0; i < table->num_columns(); ++i) {
    ARROW_ASSIGN_OR_RAISE(table, CastColumn(table, i, WithoutViews(table->field(i)->type())));
  }
  return table;
}

arrow::Result<std::shared_ptr<arrow::Table>> WithoutViewsAndDictionary(
    std::shared_ptr<arrow::Table> table, const std::string& column) {
  ARROW_ASSIGN_OR_RAISE(table, WithoutViews(std::move(table)));
  const int i = table->schema()->GetFieldIndex(column);
  if (i < 0 || table->field(i)->type()->id() != arrow::Type::DICTIONARY) return table;
  const auto& type = static_cast<const arrow::DictionaryType&>(*table->field(i)->type());
  return CastColumn(table, i, type.value_type());
}

}  // namespace usdparquet
