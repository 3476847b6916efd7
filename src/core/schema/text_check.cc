#include "core/schema/text_check.h"

#include <arrow/extension_type.h>

#include <string_view>
#include <vector>

#include "core/util/message_text.h"
#include "core/util/utf8.h"

namespace usdparquet {
namespace {

using arrow::Array;

/// The arrays that the cells of `array` are made of, as far as its slice goes; what lies below
/// nulls is among them.
std::vector<std::shared_ptr<Array>> PartsOf(const Array& array) {
  switch (array.type_id()) {
    case arrow::Type::LIST:
    case arrow::Type::MAP: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      const int64_t begin = list.value_offset(0);
      return {list.values()->Slice(begin, list.value_offset(list.length()) - begin)};
    }
    case arrow::Type::LARGE_LIST: {
      const auto& list = static_cast<const arrow::LargeListArray&>(array);
      const int64_t begin = list.value_offset(0);
      return {list.values()->Slice(begin, list.value_offset(list.length()) - begin)};
    }
    case arrow::Type::FIXED_SIZE_LIST: {
      const auto& list = static_cast<const arrow::FixedSizeListArray&>(array);
      return {list.values()->Slice(list.value_offset(0), list.length() * list.value_length())};
    }
    case arrow::Type::LIST_VIEW: {
      const auto& list = static_cast<const arrow::ListViewArray&>(array);
      return {list.length() == 1 ? list.value_slice(0) : list.values()};
    }
    case arrow::Type::LARGE_LIST_VIEW: {
      const auto& list = static_cast<const arrow::LargeListViewArray&>(array);
      return {list.length() == 1 ? list.value_slice(0) : list.values()};
    }
    case arrow::Type::STRUCT: {
      std::vector<std::shared_ptr<Array>> fields;
      for (int i = 0; i < array.num_fields(); ++i) {
        fields.push_back(static_cast<const arrow::StructArray&>(array).field(i));
      }
      return fields;
    }
    case arrow::Type::EXTENSION:
      return {static_cast<const arrow::ExtensionArray&>(array).storage()};
    default:
      return {};
  }
}

template <typename Texts>
bool AreGood(const Texts& texts) {
  return AreUtf8(reinterpret_cast<const char*>(texts.raw_data()), texts.raw_value_offsets(),
                 static_cast<size_t>(texts.length()));
}

template <typename Texts>
std::optional<int64_t> FirstBad(const Texts& texts) {
  for (int64_t i = 0; i < texts.length(); ++i) {
    if (texts.IsValid(i) && !IsUtf8(texts.GetView(i))) return i;
  }
  return std::nullopt;
}

bool IsText(const Array& array) {
  return arrow::is_string(array.type_id()) || array.type_id() == arrow::Type::STRING_VIEW;
}

std::optional<int64_t> FirstBadText(const Array& array) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
      return FirstBad(static_cast<const arrow::StringArray&>(array));
    case arrow::Type::LARGE_STRING:
      return FirstBad(static_cast<const arrow::LargeStringArray&>(array));
    default:
      return FirstBad(static_cast<const arrow::StringViewArray&>(array));
  }
}

std::optional<int64_t> FirstBadCode(const arrow::DictionaryArray& coded) {
  const Array& entries = *coded.dictionary();
  for (int64_t i = 0; i < coded.length(); ++i) {
    if (coded.IsNull(i)) continue;
    if (FindBadText(*entries.Slice(coded.GetValueIndex(i), 1))) return i;
  }
  return std::nullopt;
}

/// Whether there may be bad text in `array`: for a quick answer where there is none. Text below
/// nulls, or in entries of dictionaries that no cell has, counts as well.
bool MayBeBad(const Array& array) {
  if (array.length() == 0 || !HoldsText(*array.type())) return false;
  switch (array.type_id()) {
    case arrow::Type::STRING:
      return !AreGood(static_cast<const arrow::StringArray&>(array));
    case arrow::Type::LARGE_STRING:
      return !AreGood(static_cast<const arrow::LargeStringArray&>(array));
    case arrow::Type::STRING_VIEW:
      return FirstBadText(array).has_value();
    case arrow::Type::DICTIONARY:
      return MayBeBad(*static_cast<const arrow::DictionaryArray&>(array).dictionary());
    default:
      for (const auto& part : PartsOf(array)) {
        if (MayBeBad(*part)) return true;
      }
      return false;
  }
}

/// The first row that has bad text for certain. Each element is looked at once.
std::optional<int64_t> FirstBadRow(const Array& array) {
  if (IsText(array)) return FirstBadText(array);
  if (array.type_id() == arrow::Type::DICTIONARY) {
    return FirstBadCode(static_cast<const arrow::DictionaryArray&>(array));
  }
  if (!HoldsText(*array.type())) return std::nullopt;
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) continue;
    for (const auto& part : PartsOf(*array.Slice(i, 1))) {
      if (FirstBadRow(*part)) return i;
    }
  }
  return std::nullopt;
}

arrow::Status CheckName(const arrow::Field& field, const std::string& above) {
  const std::string name = above + field.name();
  if (!IsUtf8(field.name())) {
    return arrow::Status::Invalid("the name of column ", QuotedValue(name),
                                  " is no valid UTF-8; rename it");
  }
  for (const auto& child : field.type()->fields()) {
    ARROW_RETURN_NOT_OK(CheckName(*child, name + ":"));
  }
  return arrow::Status::OK();
}

}  // namespace

bool HoldsText(const arrow::DataType& type) {
  if (arrow::is_string(type.id()) || type.id() == arrow::Type::STRING_VIEW) return true;
  if (type.id() == arrow::Type::DICTIONARY) {
    return HoldsText(*static_cast<const arrow::DictionaryType&>(type).value_type());
  }
  if (type.id() == arrow::Type::EXTENSION) {
    return HoldsText(*static_cast<const arrow::ExtensionType&>(type).storage_type());
  }
  for (const auto& field : type.fields()) {
    if (HoldsText(*field->type())) return true;
  }
  return false;
}

std::optional<int64_t> FindBadText(const arrow::Array& array) {
  return MayBeBad(array) ? FirstBadRow(array) : std::nullopt;
}

std::optional<int64_t> FindBadText(const arrow::ChunkedArray& column) {
  int64_t first_row = 0;
  for (const auto& chunk : column.chunks()) {
    if (const auto row = FindBadText(*chunk)) return first_row + *row;
    first_row += chunk->length();
  }
  return std::nullopt;
}

arrow::Status CheckNamesAreText(const arrow::Schema& schema) {
  for (const auto& field : schema.fields()) ARROW_RETURN_NOT_OK(CheckName(*field, ""));
  return arrow::Status::OK();
}

arrow::Status BadTextError(const std::string& name, int64_t row, std::string_view advice) {
  return arrow::Status::Invalid("column '", MessageText(name), "', row ", row, ": the cell ",
                                kBadText, "; ", advice);
}

}  // namespace usdparquet
