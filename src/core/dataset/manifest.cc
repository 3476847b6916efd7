#include "core/dataset/manifest.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <unordered_set>
#include <utility>

#include "core/dataset/hive_keys.h"
#include "core/dataset/manifest_json.h"
#include "core/util/limits.h"
#include "core/util/message_text.h"

namespace usdparquet {
namespace {

using Json = nlohmann::json;
using Type = PartitionColumn::Type;

constexpr std::pair<Type, const char*> kTypes[] = {
    {Type::kInt32, "int"}, {Type::kInt64, "int64"}, {Type::kString, "string"}};
constexpr size_t kMaxPartitions = 256;

arrow::Result<PartitionColumn> ReadPartition(const Json& object) {
  if (!object.is_object()) return arrow::Status::Invalid("a partition is no object");
  PartitionColumn column;
  ARROW_ASSIGN_OR_RAISE(column.name, JsonText(object, "name"));
  ARROW_ASSIGN_OR_RAISE(const std::string type, JsonText(object, "type"));
  for (const auto& [value, name] : kTypes) {
    if (type != name) continue;
    column.type = value;
    return column;
  }
  return arrow::Status::Invalid("its partition column ", QuotedValue(column.name),
                                " has the unknown type ", QuotedValue(type));
}

arrow::Result<ManifestPart> ReadPart(const Json& object, const Manifest& manifest) {
  if (!object.is_object()) return arrow::Status::Invalid("a part is no object");
  ManifestPart part;
  ARROW_ASSIGN_OR_RAISE(part.file, JsonText(object, "file"));
  if (part.file.empty() || part.file.find('\0') != std::string::npos) {
    return arrow::Status::Invalid("a part has no name of a file");
  }
  const auto fail = [&](const arrow::Status& status) {
    return status.WithMessage("part '", MessageText(part.file), "': ", status.message());
  };
  auto description = ReadPartNumbers(object);
  if (!description.ok()) return fail(description.status());
  part.description = std::move(*description);
  if (manifest.schemas.empty()) return arrow::Status::Invalid("it has parts, but no schema");
  const auto schema =
      JsonNumber(object, "schema", static_cast<int64_t>(manifest.schemas.size()) - 1);
  if (!schema.ok()) return fail(schema.status());
  part.schema = static_cast<uint32_t>(*schema);
  if (manifest.partitions.empty()) return part;
  const auto keys = JsonList(object, "keys", kMaxPartitions);
  if (!keys.ok()) return fail(keys.status());
  if ((*keys)->size() != manifest.partitions.size()) {
    return fail(arrow::Status::Invalid("it has ", (*keys)->size(), " keys, but there are ",
                                       manifest.partitions.size(), " partition columns"));
  }
  for (const PartitionColumn& column : manifest.partitions) {
    const Json& key = (**keys)[part.keys.size()];
    if (key.is_null()) {
      part.keys.emplace_back();
    } else if (key.is_string() && IsOfType(key.get_ref<const std::string&>(), column.type)) {
      part.keys.emplace_back(key.get<std::string>());
    } else {
      return fail(arrow::Status::Invalid("its key of ", QuotedValue(column.name), " is ",
                                         QuotedValue(key.dump()), ", which the column can't hold"));
    }
  }
  return part;
}

arrow::Result<Manifest> Read(std::string_view text) {
  ARROW_ASSIGN_OR_RAISE(const Json json, ParseJsonObject(text));
  Manifest manifest;
  const auto covers = json.find("covers_folder");
  manifest.covers_folder = covers != json.end() && covers->is_boolean() && covers->get<bool>();
  ARROW_ASSIGN_OR_RAISE(manifest.path_column, JsonTextOrNone(json, "path"));
  ARROW_ASSIGN_OR_RAISE(manifest.time_column, JsonTextOrNone(json, "time"));
  ARROW_ASSIGN_OR_RAISE(const Json* const schemas, JsonList(json, "schemas", kMaxParts));
  for (const Json& schema : *schemas) {
    if (!schema.is_string()) return arrow::Status::Invalid("a schema is no text");
    ARROW_ASSIGN_OR_RAISE(auto bytes, SchemaOfText(schema.get_ref<const std::string&>()));
    manifest.schemas.push_back(std::move(bytes));
  }
  if (json.contains("partitions")) {
    ARROW_ASSIGN_OR_RAISE(const Json* const columns, JsonList(json, "partitions", kMaxPartitions));
    for (const Json& column : *columns) {
      ARROW_ASSIGN_OR_RAISE(auto partition, ReadPartition(column));
      if (std::ranges::count(manifest.partitions, partition.name, &PartitionColumn::name) > 0) {
        return arrow::Status::Invalid("two of its partition columns are named ",
                                      QuotedValue(partition.name));
      }
      manifest.partitions.push_back(std::move(partition));
    }
  }
  ARROW_ASSIGN_OR_RAISE(const Json* const parts, JsonList(json, "parts", kMaxParts));
  if (parts->empty()) return arrow::Status::Invalid("it lists no files");
  manifest.parts.reserve(parts->size());
  std::unordered_set<std::string> names;
  for (const Json& object : *parts) {
    ARROW_ASSIGN_OR_RAISE(auto part, ReadPart(object, manifest));
    // A save would write the file for one of the two. Links are not looked at, which takes a
    // question to the system for each file: saves and `validate` do.
    if (!names.insert(std::filesystem::path(part.file).lexically_normal().string()).second) {
      return arrow::Status::Invalid("it lists ", QuotedValue(part.file), " twice");
    }
    manifest.parts.push_back(std::move(part));
  }
  const auto index = json.find("index");
  if (index == json.end()) return manifest;
  if (!index->is_object()) return arrow::Status::Invalid("its 'index' is no object");
  ManifestIndex& place = manifest.index.emplace();
  ARROW_ASSIGN_OR_RAISE(place.file, JsonText(*index, "file"));
  if (place.file.empty() || place.file.find('/') != std::string::npos ||
      place.file.find('\0') != std::string::npos) {
    return arrow::Status::Invalid("its index is no file of the folder: ", QuotedValue(place.file));
  }
  ARROW_ASSIGN_OR_RAISE(place.paths, JsonText(*index, "paths"));
  ARROW_ASSIGN_OR_RAISE(place.times, JsonTextOrNone(*index, "times"));
  return manifest;
}

}  // namespace

std::string SerializeManifest(const Manifest& manifest) {
  nlohmann::ordered_json json;
  json["version"] = ManifestVersion();
  json["covers_folder"] = manifest.covers_folder;
  if (!manifest.path_column.empty()) json["path"] = manifest.path_column;
  if (!manifest.time_column.empty()) json["time"] = manifest.time_column;
  if (manifest.index) {
    auto& index = json["index"];
    index["file"] = manifest.index->file;
    index["paths"] = manifest.index->paths;
    if (!manifest.index->times.empty()) index["times"] = manifest.index->times;
  }
  for (const PartitionColumn& column : manifest.partitions) {
    nlohmann::ordered_json partition;
    partition["name"] = column.name;
    for (const auto& [value, name] : kTypes) {
      if (value == column.type) partition["type"] = name;
    }
    json["partitions"].push_back(std::move(partition));
  }
  json["schemas"] = nlohmann::ordered_json::array();
  for (const std::string& schema : manifest.schemas) json["schemas"].push_back(SchemaText(schema));
  // A line a part: people and `diff` read it.
  json["parts"] = nlohmann::ordered_json::array();
  std::string text = json.dump();
  text.resize(text.size() - 2);  // up to the list
  for (const ManifestPart& part : manifest.parts) {
    nlohmann::ordered_json object;
    object["file"] = part.file;
    AddPartNumbers(part.description, &object);
    object["schema"] = part.schema;
    if (!manifest.partitions.empty()) {
      auto& keys = object["keys"] = nlohmann::ordered_json::array();
      for (const auto& key : part.keys) {
        keys.push_back(key ? nlohmann::ordered_json(*key) : nlohmann::ordered_json());
      }
    }
    text += (text.ends_with('[') ? "\n" : ",\n") + object.dump();
  }
  return text + "\n]}\n";
}

arrow::Result<Manifest> ParseManifest(std::string_view text) {
  auto manifest = Read(text);
  if (manifest.ok()) return manifest;
  return manifest.status().WithMessage(
      "the manifest can't be read: ", MessageText(manifest.status().message()),
      "; write it again with 'usdparquet dataset'");
}

}  // namespace usdparquet
