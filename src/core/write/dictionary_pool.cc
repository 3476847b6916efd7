#include "core/write/dictionary_pool.h"

#include <arrow/array/array_dict.h>
#include <arrow/buffer.h>
#include <arrow/compute/cast.h>

#include <algorithm>
#include <utility>

#include "core/schema/nested_arrays.h"
#include "core/util/block_memory.h"

namespace usdparquet {
namespace {

bool HasDictionary(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY) return true;
  return std::ranges::any_of(type.fields(),
                             [](const auto& field) { return HasDictionary(*field->type()); });
}

std::shared_ptr<arrow::DataType> EncodedType(const std::shared_ptr<arrow::DataType>& type) {
  if (!HasDictionary(*type)) return type;
  if (type->id() == arrow::Type::DICTIONARY) return arrow::int32();
  return WithChildTypes(type, EncodedType);
}

}  // namespace

/// One dictionary type of the schema.
struct DictionaryPool::Entry {
  std::shared_ptr<arrow::Array> first;            // the first dictionary
  std::shared_ptr<arrow::Array> last;             // the one of the last batch
  std::shared_ptr<arrow::Buffer> codes;           // for its values, int32
  std::unique_ptr<arrow::DictionaryUnifier> all;  // null if they must all be as the first
  bool is_first_alone = true;                     // and its codes are its own indices
  std::shared_ptr<arrow::Array> unified;

  /// Makes `codes` those of `dictionary`.
  arrow::Status Add(const std::shared_ptr<arrow::Array>& dictionary) {
    if (last && (last == dictionary || last->Equals(*dictionary))) return arrow::Status::OK();
    if (!first) {
      first = dictionary;
      ARROW_ASSIGN_OR_RAISE(all, arrow::DictionaryUnifier::Make(dictionary->type(), BlockPool()));
      if (dictionary->null_count() > 0) all.reset();  // Arrow unifies none with nulls
    } else {
      is_first_alone = false;
    }
    last = dictionary;
    if (!all) {
      if (is_first_alone) return arrow::Status::OK();
      return arrow::Status::Invalid("its dictionaries differ, and one of them has a null");
    }
    ARROW_RETURN_NOT_OK(all->Unify(*dictionary, &codes));
    const auto* const map = reinterpret_cast<const int32_t*>(codes->data());
    for (int64_t i = 0; is_first_alone && i < dictionary->length(); ++i) {
      is_first_alone = map[i] == i;  // not where it has a value twice
    }
    return arrow::Status::OK();
  }
};

bool DictionaryPool::IsNeeded(const arrow::Schema& schema) {
  return std::ranges::any_of(schema.fields(),
                             [](const auto& field) { return HasDictionary(*field->type()); });
}

DictionaryPool::DictionaryPool(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {
  if (!IsNeeded(*schema_)) return;
  arrow::FieldVector fields;
  for (const auto& field : schema_->fields()) {
    fields.push_back(field->WithType(EncodedType(field->type())));
  }
  encoded_schema_ = arrow::schema(std::move(fields));
}

DictionaryPool::~DictionaryPool() = default;

arrow::Result<std::shared_ptr<arrow::RecordBatch>> DictionaryPool::Encode(
    std::shared_ptr<arrow::RecordBatch> batch) {
  if (!encoded_schema_) return batch;
  size_t entry = 0;
  arrow::ArrayVector columns;
  for (int i = 0; i < batch->num_columns(); ++i) {
    auto encoded = EncodeArray(batch->column(i), &entry);
    if (!encoded.ok()) {
      return encoded.status().WithMessage("column '", schema_->field(i)->name(),
                                          "': ", encoded.status().message());
    }
    columns.push_back(std::move(*encoded));
  }
  return arrow::RecordBatch::Make(encoded_schema_, batch->num_rows(), std::move(columns));
}

arrow::Result<std::shared_ptr<arrow::Array>> DictionaryPool::EncodeArray(
    const std::shared_ptr<arrow::Array>& array, size_t* entry) {
  if (!HasDictionary(*array->type())) return array;
  if (array->type_id() != arrow::Type::DICTIONARY) {
    return WithChildren(array, [&](const auto& child, int) { return EncodeArray(child, entry); });
  }
  if (*entry == entries_.size()) entries_.push_back(std::make_unique<Entry>());
  Entry& one = *entries_[(*entry)++];
  const auto& coded = static_cast<const arrow::DictionaryArray&>(*array);
  ARROW_RETURN_NOT_OK(one.Add(coded.dictionary()));
  if (!one.codes) return arrow::compute::Cast(*coded.indices(), arrow::int32());
  const auto type = arrow::dictionary(arrow::int32(), coded.dictionary()->type());
  ARROW_ASSIGN_OR_RAISE(
      const auto moved,
      coded.Transpose(type, coded.dictionary(), reinterpret_cast<const int32_t*>(one.codes->data()),
                      BlockPool()));
  return static_cast<const arrow::DictionaryArray&>(*moved).indices();
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> DictionaryPool::Decode(
    std::shared_ptr<arrow::RecordBatch> batch) {
  if (!encoded_schema_) return batch;
  size_t entry = 0;
  arrow::ArrayVector columns;
  for (int i = 0; i < batch->num_columns(); ++i) {
    auto decoded = DecodeArray(batch->column(i), *schema_->field(i)->type(), &entry);
    if (!decoded.ok()) {
      return decoded.status().WithMessage("column '", schema_->field(i)->name(),
                                          "': ", decoded.status().message());
    }
    columns.push_back(std::move(*decoded));
  }
  return arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(columns));
}

arrow::Result<std::shared_ptr<arrow::Array>> DictionaryPool::DecodeArray(
    const std::shared_ptr<arrow::Array>& array, const arrow::DataType& type, size_t* entry) {
  if (!HasDictionary(type)) return array;
  if (type.id() != arrow::Type::DICTIONARY) {
    return WithChildren(array, [&](const auto& child, int i) {
      return DecodeArray(child, *type.field(i)->type(), entry);
    });
  }
  const auto& wanted = static_cast<const arrow::DictionaryType&>(type);
  Entry& one = *entries_[(*entry)++];
  if (!one.unified) {
    one.unified = one.first;
    if (!one.is_first_alone) {
      ARROW_RETURN_NOT_OK(one.all->GetResultWithIndexType(wanted.index_type(), &one.unified));
    }
  }
  ARROW_ASSIGN_OR_RAISE(const auto indices, arrow::compute::Cast(*array, wanted.index_type()));
  return arrow::DictionaryArray::FromArrays(
      arrow::dictionary(wanted.index_type(), wanted.value_type(), wanted.ordered()), indices,
      one.unified);
}

}  // namespace usdparquet
