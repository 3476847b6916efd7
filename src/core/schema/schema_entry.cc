#include "core/schema/schema_entry.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/util/json_depth.h"
#include "core/util/limits.h"
#include "core/util/message_text.h"
#include "core/util/utf8.h"

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

/// What can't be read of an entry: the end of a sentence.
using Wrong = std::invalid_argument;

/// A value as a message shows it.
std::string Shown(const Json& json) { return MessageText(QuotedValue(json.dump())); }

/// Of a key that is there twice some readers take the first and others the last.
void CheckKeys(const Json& object) {
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : object.get_ref<const Json::object_t&>()) keys.push_back(key);
  std::ranges::sort(keys);
  const auto repeated = std::ranges::adjacent_find(keys);
  if (repeated != keys.end()) throw Wrong("'" + std::string(*repeated) + "' is there twice");
}

std::string AsText(const std::string& name, const Json& json) {
  if (!json.is_string()) throw Wrong("'" + name + "' is " + Shown(json) + ", not a text");
  return json.get<std::string>();
}

/// OpenUSD ends tokens at U+0000 and drops asset paths with control characters: what it would make
/// of the text is not what the file says, and a save would write that.
std::string AsToken(const std::string& name, const Json& json) {
  std::string text = AsText(name, json);
  if (text.find('\0') != std::string::npos) {
    throw Wrong("'" + name + "' is " + Shown(json) +
                ", which has a U+0000, and a token can have none");
  }
  return text;
}

std::string AsAsset(const std::string& name, const Json& json) {
  std::string text = AsText(name, json);
  if (HasControlCharacter(text)) {
    throw Wrong("'" + name + "' is " + Shown(json) +
                ", which has a control character, and an asset path can have none");
  }
  return text;
}

bool AsTruth(const std::string& name, const Json& json) {
  if (!json.is_boolean()) {
    throw Wrong("'" + name + "' is " + Shown(json) + ", neither true nor false");
  }
  return json.get<bool>();
}

double AsNumber(const std::string& name, const Json& json) {
  if (!json.is_number()) throw Wrong("'" + name + "' is " + Shown(json) + ", not a number");
  return json.get<double>();
}

std::vector<std::string> AsTexts(const std::string& name, const Json& json) {
  if (!json.is_array()) throw Wrong("'" + name + "' is " + Shown(json) + ", not a list");
  std::vector<std::string> texts;
  for (const Json& text : json) texts.push_back(AsText(name, text));
  return texts;
}

/// The entry `key` of an object, if it has it.
std::string TextIn(const Json& object, const char* key, const char* otherwise) {
  const auto found = object.find(key);
  return found == object.end() ? otherwise : AsText(key, *found);
}

bool TruthIn(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && AsTruth(key, *found);
}

/// A value is an object of one entry, type -> value.
MetadataValue ReadValue(const std::string& name, const Json& json) {
  if (!json.is_object() || json.size() != 1) {
    throw Wrong("'" + name + "' is no object of the form {type: value}");
  }
  MetadataValue value{json.begin().key(), {}};
  const Json& v = json.begin().value();
  if (value.type == "bool") {
    value.value = AsTruth(name, v);
  } else if (value.type == "int" || value.type == "int64") {
    if (!v.is_number_integer()) throw Wrong("'" + name + "' is no integer");
    const auto number = v.get<int64_t>();
    const bool is_wrapped = v.is_number_unsigned() && v.get<uint64_t>() > INT64_MAX;
    if (is_wrapped || (value.type == "int" && (number < INT32_MIN || number > INT32_MAX))) {
      throw Wrong("'" + name + "' is " + v.dump() + ", too large for its type '" + value.type +
                  "'");
    }
    value.value = number;
  } else if (value.type == "double" || value.type == "float") {
    const double number = AsNumber(name, v);
    if (value.type == "float" && std::abs(number) > std::numeric_limits<float>::max()) {
      throw Wrong("'" + name + "' is " + v.dump() + ", too large for a float");
    }
    value.value = number;
  } else if (value.type == "string") {
    value.value = AsText(name, v);
  } else if (value.type == "token") {
    value.value = AsToken(name, v);
  } else if (value.type == "asset") {
    value.value = AsAsset(name, v);
  } else if (value.type == "string[]") {
    value.value = AsTexts(name, v);
  } else if (value.type == "token[]") {
    value.value = AsTexts(name, v);
    for (const Json& text : v) AsToken(name, text);
  } else {
    throw Wrong("'" + name + "' has the unknown type '" + value.type + "'");
  }
  return value;
}

MetadataFields ReadFields(const Json& json) {
  if (!json.is_object()) throw Wrong("fields are no object, but " + Shown(json));
  if (json.size() > kMaxMetadataFields) {
    throw Wrong(std::to_string(json.size()) + " fields are more than the " +
                std::to_string(kMaxMetadataFields) + " that are read");
  }
  CheckKeys(json);
  MetadataFields fields;
  for (const auto& [name, value] : json.items()) {
    if (name.find('\0') != std::string::npos) {
      throw Wrong("the name of a field is " + Shown(name) +
                  ", which has a U+0000, and a name can have none");
    }
    fields.emplace_back(name, ReadValue(name, value));
  }
  return fields;
}

ColumnEntry ReadColumn(const Json& json) {
  if (!json.is_object()) throw Wrong("it is no object, but " + Shown(json));
  CheckKeys(json);
  ColumnEntry column;
  const std::string role = TextIn(json, "role", "attribute");
  bool is_known = false;
  for (const auto& [value, name] : kRoles) {
    if (role == name) {
      column.role = value;
      is_known = true;
    }
  }
  if (!is_known) throw Wrong("unknown role '" + role + "'");
  column.property = TextIn(json, "property", "");
  column.type = TextIn(json, "type", "");
  column.field = TextIn(json, "field", "");
  if (json.contains("property") && column.property.empty()) {
    throw Wrong("'property' is empty");
  }
  if (column.role == ColumnRole::kPrimMetadata && column.field.empty()) {
    throw Wrong("a column of role 'metadata' needs a 'field'");
  }
  const std::string variability = TextIn(json, "variability", "varying");
  if (variability != "varying" && variability != "uniform") {
    throw Wrong("unknown variability '" + variability + "'");
  }
  column.is_uniform = variability == "uniform";
  column.is_custom = TruthIn(json, "custom");
  if (json.contains("null")) {
    const std::string null = TextIn(json, "null", "");
    for (const auto& [value, name] : kNullMeanings) {
      if (null == name) column.null = value;
    }
    if (!column.null) {
      throw Wrong("'null' is '" + null + "', not 'no value' or 'no property'");
    }
  }
  if (json.contains("metadata")) column.metadata = ReadFields(json["metadata"]);
  return column;
}

Json Parse(std::string_view text) {
  if (IsTooDeepJson(text)) {
    throw Wrong("objects and lists lie more than " + std::to_string(kMaxJsonDepth) +
                " deep in each other");
  }
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw Wrong("it is no JSON from its byte " + std::to_string(error.byte) + " on");
  } catch (const Json::out_of_range&) {
    throw Wrong("it has a number that is too large");
  }
}

int MajorVersion(const Json& json) {
  if (!json.is_object()) throw Wrong("it is no object, but " + Shown(json));
  if (!json.contains("version")) throw Wrong("it has no 'version'");
  const std::string version = TextIn(json, "version", "");
  int major = 0;
  const char* const end = version.data() + version.size();
  const auto [next, error] = std::from_chars(version.data(), end, major);
  if (error != std::errc() || next == end || *next != '.') {
    throw Wrong("version '" + version + "' is not of the form 1.0");
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
          QuotedValue(TextIn(json, "version", "")),
          ", which a newer usdparquet wrote; this one reads version 1: upgrade it");
    }
    CheckKeys(json);
    SchemaEntry entry;
    entry.path_column = TextIn(json, "path", "");
    entry.time_column = TextIn(json, "time", "");
    entry.is_exact = TruthIn(json, "exact");
    if (json.contains("layer")) entry.layer = ReadFields(json["layer"]);
    if (json.contains("columns")) {
      if (!json["columns"].is_object()) throw Wrong("'columns' is no object");
      CheckKeys(json["columns"]);
      for (const auto& [name, object] : json["columns"].items()) {
        try {
          entry.columns[name] = ReadColumn(object);
        } catch (const std::exception& e) {
          throw Wrong("column '" + name + "': " + e.what());
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
