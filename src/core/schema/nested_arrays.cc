#include "core/schema/nested_arrays.h"

#include <arrow/type.h>

namespace usdparquet {
namespace {

/// `type` with other fields.
std::shared_ptr<arrow::DataType> WithFields(const std::shared_ptr<arrow::DataType>& type,
                                            const arrow::FieldVector& fields) {
  switch (type->id()) {
    case arrow::Type::LIST:
      return arrow::list(fields[0]);
    case arrow::Type::LARGE_LIST:
      return arrow::large_list(fields[0]);
    case arrow::Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(
          fields[0], static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case arrow::Type::MAP:
      return std::make_shared<arrow::MapType>(
          fields[0], static_cast<const arrow::MapType&>(*type).keys_sorted());
    case arrow::Type::STRUCT:
      return arrow::struct_(fields);
    default:
      return type;
  }
}

bool HasChildren(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRUCT:
      return true;
    default:
      return false;
  }
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::Array>> WithChildren(
    const std::shared_ptr<arrow::Array>& array,
    const std::function<arrow::Result<std::shared_ptr<arrow::Array>>(
        const std::shared_ptr<arrow::Array>&, int)>& f) {
  if (!HasChildren(*array->type())) return array;
  auto data = array->data()->Copy();
  arrow::FieldVector fields;
  for (int i = 0; i < array->type()->num_fields(); ++i) {
    auto& child = data->child_data[static_cast<size_t>(i)];
    ARROW_ASSIGN_OR_RAISE(const auto made, f(arrow::MakeArray(child), i));
    child = made->data();
    fields.push_back(array->type()->field(i)->WithType(made->type()));
  }
  data->type = WithFields(data->type, fields);
  return arrow::MakeArray(data);
}

std::shared_ptr<arrow::DataType> WithChildTypes(
    const std::shared_ptr<arrow::DataType>& type,
    const std::function<std::shared_ptr<arrow::DataType>(const std::shared_ptr<arrow::DataType>&)>&
        f) {
  if (!HasChildren(*type)) return type;
  arrow::FieldVector fields;
  for (const auto& field : type->fields()) fields.push_back(field->WithType(f(field->type())));
  return WithFields(type, fields);
}

}  // namespace usdparquet
