#include "core/schema/schema_entry.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/util/limits.h"
#include "core/util/message_text.h"

namespace usdparquet {
namespace {

/// An object's entries in the order in which they are written, for people who read them. The parser
/// adds each behind the others, and does not look for its key among them as it would in
/// nlohmann::ordered_map, which takes the square of the time.
template <typename Key, typename Value, typename Compare, typename Allocator>
struct Entries : nlohmann::ordered_map<Key, Value, Compare, Allocator> {
  using nlohmann::ordered_map<Key, Value, Compare, Allocator>::ordered_map;
  Value& operator[](const Key& key) { return this->emplace_back(key, Value()).second; }
};
using Json = nlohmann::basic_json<Entries>;

constexpr int kMajor = 1, kMinor = 0;

constexpr std::pair<ColumnRole, const char*> kRoles[] = {
    {ColumnRole::kAttribute, "attribute"},
    {ColumnRole::kRelationship, "relationship"},
    {ColumnRole::kPrimMetadata, "metadata"},
};

constexpr std::pair<NullMeaning, const char*> kNullMeanings[] = {
    {NullMeaning::kNoProperty, "no property"},
    {NullMeaning::kNoValue, "no value"},
};

Json WriteValue(const MetadataValue& value) {
  Json json;
  std::visit([&](const auto& v) { json[value.type] = v; }, value.value);
  return json;
}

Json WriteFields(const MetadataFields& fields) {
  Json json = Json::object();
  for (const auto& [name, value] : fields) json[name] = WriteValue(value);
  return json;
}

/// A value is an object of one entry, type -> value.
MetadataValue ReadValue(const std::string& name, const Json& json) {
  if (!json.is_object() || json.size() != 1) {
    throw std::invalid_argument("'" + name + "' is no object of the form {type: value}");
  }
  MetadataValue value{json.begin().key(), {}};
  const Json& v = json.begin().value();
  if (value.type == "bool") {
    value.value = v.get<bool>();
  } else if (value.type == "int" || value.type == "int64") {
    if (!v.is_number_integer()) throw std::invalid_argument("'" + name + "' is no integer");
    const auto number = v.get<int64_t>();
    const bool is_wrapped = v.is_number_unsigned() && v.get<uint64_t>() > INT64_MAX;
    if (is_wrapped || (value.type == "int" && (number < INT32_MIN || number > INT32_MAX))) {
      throw std::invalid_argument("'" + name + "' is " + v.dump() + ", too large for its type '" +
                                  value.type + "'");
    }
    value.value = number;
  } else if (value.type == "double" || value.type == "float") {
    const double number = v.get<double>();
    if (value.type == "float" && std::abs(number) > std::numeric_limits<float>::max()) {
      throw std::invalid_argument("'" + name + "' is " + v.dump() + ", too large for a float");
    }
    value.value = number;
  } else if (value.type == "string" || value.type == "token" || value.type == "asset") {
    value.value = v.get<std::string>();
  } else if (value.type == "string[]" || value.type == "token[]") {
    value.value = v.get<std::vector<std::string>>();
  } else {
    throw std::invalid_argument("'" + name + "' has the unknown type '" + value.type + "'");
  }
  return value;
}

MetadataFields ReadFields(const Json& json) {
  if (!json.is_object())
    throw std::invalid_argument("fields are no object, but " + QuotedValue(json.dump()));
  if (json.size() > kMaxMetadataFields) {
    throw std::invalid_argument(std::to_string(json.size()) + " fields are more than the " +
                                std::to_string(kMaxMetadataFields) + " that are read");
  }
  MetadataFields fields;
  for (const auto& [name, value] : json.items()) fields.emplace_back(name, ReadValue(name, value));
  return fields;
}

ColumnEntry ReadColumn(const Json& json) {
  ColumnEntry column;
  const std::string role = json.value("role", "attribute");
  bool is_known = false;
  for (const auto& [value, name] : kRoles) {
    if (role == name) {
      column.role = value;
      is_known = true;
    }
  }
  if (!is_known) throw std::invalid_argument("unknown role '" + role + "'");
  column.property = json.value("property", "");
  column.type = json.value("type", "");
  column.field = json.value("field", "");
  if (json.contains("property") && column.property.empty()) {
    throw std::invalid_argument("'property' is empty");
  }
  if (column.role == ColumnRole::kPrimMetadata && column.field.empty()) {
    throw std::invalid_argument("a column of role 'metadata' needs a 'field'");
  }
  const std::string variability = json.value("variability", "varying");
  if (variability != "varying" && variability != "uniform") {
    throw std::invalid_argument("unknown variability '" + variability + "'");
  }
  column.is_uniform = variability == "uniform";
  column.is_custom = json.value("custom", false);
  if (json.contains("null")) {
    const std::string null = json["null"].get<std::string>();
    for (const auto& [value, name] : kNullMeanings) {
      if (null == name) column.null = value;
    }
    if (!column.null) {
      throw std::invalid_argument("'null' is '" + null + "', not 'no value' or 'no property'");
    }
  }
  if (json.contains("metadata")) column.metadata = ReadFields(json["metadata"]);
  return column;
}

/// Parses JSON of no more than kMaxJsonDepth: what is made of it is walked by recursion.
Json Parse(std::string_view text) {
  int depth = 0;
  bool is_in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') is_in_string = !is_in_string;
    if (is_in_string) {
      if (c == '\\') ++i;  // what is escaped ends no string
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxJsonDepth) {
        throw std::invalid_argument("objects and lists lie more than " +
                                    std::to_string(kMaxJsonDepth) + " deep in each other");
      }
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return Json::parse(text);
}

int MajorVersion(const Json& json) {
  const std::string version = json.at("version").get<std::string>();
  size_t used = 0;
  const int major = std::stoi(version, &used);
  if (used >= version.size() || version[used] != '.') {
    throw std::invalid_argument("version '" + version + "' is not of the form 1.0");
  }
  return major;
}

}  // namespace

NullMeaning NullMeaningOf(const SchemaEntry& entry, const std::string& name) {
  const auto column = entry.columns.find(name);
  if (column == entry.columns.end()) return NullMeaning::kNoProperty;
  return column->second.null.value_or(entry.is_exact ? NullMeaning::kNoValue
                                                     : NullMeaning::kNoProperty);
}

void StateNullMeanings(SchemaEntry* entry) {
  for (auto& [name, column] : entry->columns) {
    if (column.role != ColumnRole::kPrimMetadata) column.null = NullMeaningOf(*entry, name);
  }
}

std::optional<double> TimeCodesPerSecondOf(const SchemaEntry& entry) {
  constexpr double kHighest = 1e9;
  for (const auto& [name, value] : entry.layer) {
    const double* rate = std::get_if<double>(&value.value);
    if (name == "timeCodesPerSecond" && rate && *rate > 0 && *rate <= kHighest) return *rate;
  }
  return std::nullopt;
}

std::string SerializeSchemaEntry(const SchemaEntry& entry) {
  Json json;
  json["version"] = std::to_string(kMajor) + "." + std::to_string(kMinor);
  if (!entry.path_column.empty()) json["path"] = entry.path_column;
  if (!entry.time_column.empty()) json["time"] = entry.time_column;
  if (entry.is_exact) json["exact"] = true;
  if (!entry.layer.empty()) json["layer"] = WriteFields(entry.layer);
  Json columns = Json::object();
  for (const auto& [name, column] : entry.columns) {
    Json object = Json::object();
    for (const auto& [role, text] : kRoles) {
      if (role == column.role) object["role"] = text;
    }
    if (!column.property.empty()) object["property"] = column.property;
    if (!column.type.empty()) object["type"] = column.type;
    if (!column.field.empty()) object["field"] = column.field;
    if (column.is_uniform) object["variability"] = "uniform";
    if (column.is_custom) object["custom"] = true;
    for (const auto& [meaning, text] : kNullMeanings) {
      if (meaning == column.null) object["null"] = text;
    }
    if (!column.metadata.empty()) object["metadata"] = WriteFields(column.metadata);
    columns.get_ref<Json::object_t&>()[name] = std::move(object);
  }
  if (!columns.empty()) json["columns"] = std::move(columns);
  return json.dump();
}

arrow::Result<SchemaEntry> ParseSchemaEntry(std::string_view text) {
  if (text.size() > kMaxSchemaEntry) {
    return arrow::Status::CapacityError("the footer's '", kSchemaKey, "' has ", text.size(),
                                        " bytes, and ", kMaxSchemaEntry,
                                        " are read: describe fewer columns");
  }
  try {
    const Json json = Parse(text);
    const int major = MajorVersion(json);
    if (major != kMajor) {
      return arrow::Status::Invalid(
          "the footer's '", kSchemaKey, "' is of version ",
          QuotedValue(json["version"].get<std::string>()),
          ", which a newer usdparquet wrote; this one reads version 1: upgrade it");
    }
    SchemaEntry entry;
    entry.path_column = json.value("path", "");
    entry.time_column = json.value("time", "");
    entry.is_exact = json.value("exact", false);
    if (json.contains("layer")) entry.layer = ReadFields(json["layer"]);
    if (json.contains("columns")) {
      if (!json["columns"].is_object()) throw std::invalid_argument("'columns' is no object");
      for (const auto& [name, object] : json["columns"].items()) {
        try {
          entry.columns[name] = ReadColumn(object);
        } catch (const std::exception& e) {
          throw std::invalid_argument("column '" + name + "': " + e.what());
        }
      }
    }
    return entry;
  } catch (const std::exception& e) {
    constexpr size_t kMaxShown = 400;  // the message may quote what is wrong
    return arrow::Status::Invalid("the footer's '", kSchemaKey, "' can't be read: ",
                                  MessageText(std::string_view(e.what()).substr(0, kMaxShown)),
                                  "; write the file again, or remove that entry");
  }
}

arrow::Result<SchemaEntry> SchemaEntryOf(
    const std::shared_ptr<const arrow::KeyValueMetadata>& metadata) {
  if (!metadata) return SchemaEntry();
  const int i = metadata->FindKey(kSchemaKey);
  return i < 0 ? SchemaEntry() : ParseSchemaEntry(metadata->value(i));
}

}  // namespace usdparquet
