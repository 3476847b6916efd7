#include "core/dataset/manifest_json.h"

#include <arrow/util/base64.h>

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>

#include "core/util/json_depth.h"
#include "core/util/limits.h"
#include "core/util/message_text.h"
#include "core/util/utf8.h"

namespace usdparquet {
namespace {

using Json = nlohmann::json;

arrow::Status Lacks(const char* key) {
  return arrow::Status::Invalid("it has no '", key, "' of the right type");
}

}  // namespace

std::string ManifestVersion() {
  return std::to_string(kManifestMajor) + "." + std::to_string(kManifestMinor);
}

arrow::Result<Json> ParseJsonObject(std::string_view text) {
  if (IsTooDeepJson(text)) return arrow::Status::Invalid("its objects and lists lie too deep");
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return arrow::Status::Invalid("it is no JSON");
  if (!json.is_object()) return arrow::Status::Invalid("it is no JSON object");
  ARROW_ASSIGN_OR_RAISE(const std::string version, JsonText(json, "version"));
  int major = 0;
  const char* const end = version.data() + version.size();
  const auto [next, error] = std::from_chars(version.data(), end, major);
  if (error != std::errc() || next == end || *next != '.') {
    return arrow::Status::Invalid("its version ", QuotedValue(version), " is not of the form 1.0");
  }
  if (major != kManifestMajor) {
    return arrow::Status::Invalid("it is of version ", QuotedValue(version),
                                  ", which another usdparquet wrote; this one reads version ",
                                  kManifestMajor, ": upgrade it");
  }
  return json;
}

arrow::Result<std::string> JsonText(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return Lacks(key);
  return found->get<std::string>();
}

arrow::Result<std::string> JsonTextOrNone(const Json& object, const char* key) {
  return object.contains(key) ? JsonText(object, key) : std::string();
}

arrow::Result<int64_t> JsonNumber(const Json& object, const char* key, int64_t most) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return Lacks(key);
  const auto number = found->get<uint64_t>();
  if (number <= static_cast<uint64_t>(most)) return static_cast<int64_t>(number);
  return arrow::Status::Invalid("its '", key, "' is ", number, ", more than can be");
}

arrow::Result<const Json*> JsonList(const Json& object, const char* key, size_t most) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return Lacks(key);
  if (found->size() <= most) return &*found;
  return arrow::Status::CapacityError("its '", key, "' has ", found->size(), " entries, and ", most,
                                      " are read");
}

void AddPartNumbers(const PartDescription& part, nlohmann::ordered_json* object) {
  char digest[20];
  std::snprintf(digest, sizeof(digest), "%016" PRIx64, part.digest);
  (*object)["bytes"] = part.bytes;
  (*object)["digest"] = digest;
  (*object)["rows"] = part.group_rows;
  if (part.first) (*object)["first"] = *part.first;
  if (part.last) (*object)["last"] = *part.last;
}

arrow::Result<PartDescription> ReadPartNumbers(const Json& object) {
  if (!object.is_object()) return arrow::Status::Invalid("a part is no object");
  PartDescription part;
  ARROW_ASSIGN_OR_RAISE(part.bytes, JsonNumber(object, "bytes", INT64_MAX));
  ARROW_ASSIGN_OR_RAISE(const std::string digest, JsonText(object, "digest"));
  const char* const end = digest.data() + digest.size();
  if (digest.size() != 16 || std::from_chars(digest.data(), end, part.digest, 16).ptr != end) {
    return arrow::Status::Invalid("its 'digest' ", QuotedValue(digest),
                                  " is no hexadecimal number of 16 digits");
  }
  ARROW_ASSIGN_OR_RAISE(const Json* const rows, JsonList(object, "rows", kMaxRowGroups));
  for (const Json& count : *rows) {
    if (!count.is_number_unsigned() || count.get<uint64_t>() > uint64_t{kMaxRows}) {
      return arrow::Status::Invalid("its 'rows' has ", QuotedValue(count.dump()),
                                    ", which is no number of rows");
    }
    part.group_rows.push_back(count.get<uint32_t>());
  }
  const bool has_rows = std::ranges::any_of(part.group_rows, [](uint32_t n) { return n > 0; });
  for (const auto& [key, value] : {std::pair("first", &part.first), {"last", &part.last}}) {
    if (!object.contains(key)) continue;
    ARROW_ASSIGN_OR_RAISE(*value, JsonText(object, key));
    if (has_rows) continue;
    return arrow::Status::Invalid("its 'rows' has none, but it has a '", key, "' path, ",
                                  QuotedValue(**value));
  }
  return part;
}

std::string SchemaText(const std::string& schema) { return arrow::util::base64_encode(schema); }

arrow::Result<std::string> SchemaOfText(const std::string& text) {
  auto bytes = arrow::util::base64_decode(text);
  if (bytes.ok() && !bytes->empty()) return bytes;
  return arrow::Status::Invalid("its 'schema' is no base64");
}

}  // namespace usdparquet
