#pragma once

/// \file
/// Reading JSON whose every value is a claim.

#include <arrow/result.h>

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/dataset/part_description.h"

namespace usdparquet {

/// The versions that are written; every minor version of the major one is read.
inline constexpr int kManifestMajor = 1, kManifestMinor = 0;
std::string ManifestVersion();

/// Parses a manifest or a description, whose version is one that can be read.
arrow::Result<nlohmann::json> ParseJsonObject(std::string_view text);

/// The entry `key` of an object as a text; an error if it is not there or is something else.
arrow::Result<std::string> JsonText(const nlohmann::json& object, const char* key);
/// The same; empty if it is not there.
arrow::Result<std::string> JsonTextOrNone(const nlohmann::json& object, const char* key);
/// The entry as an integer from 0 to `most`.
arrow::Result<int64_t> JsonNumber(const nlohmann::json& object, const char* key, int64_t most);
/// The entry as a list of no more than `most` values.
arrow::Result<const nlohmann::json*> JsonList(const nlohmann::json& object, const char* key,
                                              size_t most);

/// Adds what a description says but its schema, and reads it. Fails for paths of no rows.
void AddPartNumbers(const PartDescription& part, nlohmann::ordered_json* object);
arrow::Result<PartDescription> ReadPartNumbers(const nlohmann::json& object);

/// Bytes as a text and back.
std::string SchemaText(const std::string& schema);
arrow::Result<std::string> SchemaOfText(const std::string& text);

}  // namespace usdparquet
