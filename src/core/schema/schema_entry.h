#pragma once

/// \file
/// What a file says about its columns and its layer: the footer's entry `usdparquet:schema`.
/// docs/file-format.md describes the JSON.
///
/// Part of the C++ interface, which is installed (docs/cpp.md).

#include <arrow/result.h>
#include <arrow/util/key_value_metadata.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/util/export.h"

namespace usdparquet {

/// The key of the footer's key-value metadata.
inline constexpr char kSchemaKey[] = "usdparquet:schema";

/// What a column is to USD.
enum class ColumnRole : uint8_t {
  kAttribute,     ///< an attribute of each row's prim
  kRelationship,  ///< a relationship of each row's prim; the cells are target paths
  kPrimMetadata,  ///< a field of each row's prim, such as `kind`
};

/// What a null says of the property that its column is.
enum class NullMeaning : uint8_t {
  kNoProperty,  ///< the prim has no such property: no opinion at all
  kNoValue,     ///< the prim has it, without a value
};

/// A metadata value with its type: `bool`, `int`, `int64`, `double`, `float`, `string`, `token`,
/// `asset`, `token[]` or `string[]`.
struct MetadataValue {
  std::string type;
  std::variant<bool, int64_t, double, std::string, std::vector<std::string>> value;
  bool operator==(const MetadataValue&) const = default;
};
using MetadataFields = std::vector<std::pair<std::string, MetadataValue>>;

/// What the entry says about one column.
struct ColumnEntry {
  ColumnRole role = ColumnRole::kAttribute;
  std::string property;  ///< for attributes and relationships; empty: made from the column's name
  std::string type;      ///< Sdf type name; empty: by the stored type
  std::string field;     ///< for prim metadata: the field's name
  bool is_uniform = false;
  bool is_custom = false;
  std::optional<NullMeaning> null;  ///< if not given, see NullMeaningOf
  MetadataFields metadata;          ///< the property's, the same on every prim
  bool operator==(const ColumnEntry&) const = default;
};

/// The entry `usdparquet:schema`.
struct SchemaEntry {
  std::string path_column;                     ///< empty: not said
  std::string time_column;                     ///< empty: none
  bool is_exact = false;                       ///< a whole layer: a reader adds nothing of its own
  MetadataFields layer;                        ///< fields of the pseudo-root
  std::map<std::string, ColumnEntry> columns;  ///< by column name
  bool operator==(const SchemaEntry&) const = default;
};

/// What a null in the column called `name` says. Where the file does not say it, there is no such
/// property; but in a file that is a whole layer, what is not said of a described column is that
/// there is no value.
USDPARQUET_API NullMeaning NullMeaningOf(const SchemaEntry& entry, const std::string& name);

/// Writes down what a null in each described column says, so that it goes on saying it when the
/// file is no whole layer any more.
USDPARQUET_API void StateNullMeanings(SchemaEntry* entry);

/// The layer's timeCodesPerSecond, if the entry has one that makes sense.
USDPARQUET_API std::optional<double> TimeCodesPerSecondOf(const SchemaEntry& entry);

/// The entry's text.
USDPARQUET_API std::string SerializeSchemaEntry(const SchemaEntry& entry);

/// Reads the entry's text. A newer minor version is read as far as it is known. A newer major
/// version, or text that is no such JSON, fails with what is wrong.
USDPARQUET_API arrow::Result<SchemaEntry> ParseSchemaEntry(std::string_view text);

/// The entry in a file's key-value metadata; an empty one where there is none.
USDPARQUET_API arrow::Result<SchemaEntry> SchemaEntryOf(
    const std::shared_ptr<const arrow::KeyValueMetadata>& metadata);

}  // namespace usdparquet
