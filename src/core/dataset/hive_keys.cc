#include "core/dataset/hive_keys.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <string_view>

#include "core/util/message_text.h"
#include "core/util/utf8.h"

namespace usdparquet {
namespace {

constexpr std::string_view kNullPartition = "__HIVE_DEFAULT_PARTITION__";

std::string Decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    uint8_t byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr ==
            text.data() + i + 3) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

template <typename T>
bool IsNumber(const std::string& text) {
  T number = 0;
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && next == end && !text.empty();
}

}  // namespace

arrow::Result<std::vector<std::pair<std::string, std::optional<std::string>>>> HiveKeysOf(
    const std::string& name) {
  std::vector<std::pair<std::string, std::optional<std::string>>> keys;
  const std::string_view whole = name;
  for (size_t begin = 0, end; (end = whole.find('/', begin)) != std::string_view::npos;
       begin = end + 1) {
    const std::string_view folder = whole.substr(begin, end - begin);
    const size_t equals = folder.find('=');
    if (equals == std::string_view::npos || equals == 0) continue;
    const std::string key = Decoded(folder.substr(0, equals));
    const std::string_view value = folder.substr(equals + 1);
    std::optional<std::string> text;
    if (value != kNullPartition) text = Decoded(value);
    if (!IsUtf8(key) || (text && !IsUtf8(*text)) || key.find('\0') != std::string::npos) {
      return arrow::Status::Invalid("the folder ", QuotedValue(std::string(folder)),
                                    " has a partition key or value that is no valid UTF-8");
    }
    if (std::ranges::any_of(keys, [&](const auto& before) { return before.first == key; })) {
      return arrow::Status::Invalid("the folders of '", MessageText(name), "' name the column ",
                                    QuotedValue(key), " twice; rename one of them");
    }
    keys.emplace_back(key, std::move(text));
  }
  return keys;
}

bool IsOfType(const std::string& text, PartitionColumn::Type type) {
  return type == PartitionColumn::Type::kInt32   ? IsNumber<int32_t>(text)
         : type == PartitionColumn::Type::kInt64 ? IsNumber<int64_t>(text)
                                                 : true;
}

arrow::Status SetPartitions(PartList* list) {
  std::map<std::string, size_t> numbers;
  std::vector<std::vector<std::pair<std::string, std::optional<std::string>>>> found;
  list->partitions.clear();
  for (const Part& part : list->parts) {
    ARROW_ASSIGN_OR_RAISE(auto keys, HiveKeysOf(part.name));
    for (const auto& [key, value] : keys) {
      if (!numbers.emplace(key, list->partitions.size()).second) continue;
      list->partitions.push_back({key, PartitionColumn::Type::kInt32});
    }
    found.push_back(std::move(keys));
  }
  for (size_t i = 0; i < list->parts.size(); ++i) {
    std::vector<std::optional<std::string>>& keys = list->parts[i].keys;
    keys.assign(list->partitions.size(), std::nullopt);
    for (auto& [key, value] : found[i]) {
      PartitionColumn& column = list->partitions[numbers[key]];
      if (value && !IsOfType(*value, column.type)) {
        column.type = column.type == PartitionColumn::Type::kInt32 &&
                              IsOfType(*value, PartitionColumn::Type::kInt64)
                          ? PartitionColumn::Type::kInt64
                          : PartitionColumn::Type::kString;
      }
      keys[numbers[key]] = std::move(value);
    }
  }
  return arrow::Status::OK();
}

}  // namespace usdparquet
