#include "plugin/read/format_arguments.h"

#include <pxr/base/tf/stringUtils.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "plugin/read/prim_lookup.h"

PXR_NAMESPACE_OPEN_SCOPE

namespace {

arrow::Result<SdfPath> ParsePrefix(const std::string& text) {
  std::string why;
  if (SdfPath::IsValidPathString(text, &why)) {
    const SdfPath path(text);
    if (path.IsAbsoluteRootOrPrimPath() && path.IsAbsolutePath() &&
        !path.ContainsPrimVariantSelection() &&
        path.GetPathElementCount() <= UsdParquetPrimLookup::kMaxPrefixDepth) {
      return path;
    }
  }
  return arrow::Status::Invalid("format argument prefix='", text,
                                "' is no absolute prim path, such as /World/Building");
}

arrow::Result<uint64_t> ParseMegabytes(const std::string& text) {
  char* end = nullptr;
  const double megabytes = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(megabytes) || megabytes < 0 ||
      megabytes > 1e9) {
    return arrow::Status::Invalid("format argument cache_mb='", text,
                                  "' is no number of mebibytes, such as 64");
  }
  return static_cast<uint64_t>(megabytes * (1 << 20));
}

arrow::Result<double> ParseRate(const std::string& text) {
  constexpr double kHighest = 1e9;
  char* end = nullptr;
  double rate = std::strtod(text.c_str(), &end);
  if (end != text.c_str() && *end == '/') {  // a fraction: 1/60 is a time code a minute
    const char* under = end + 1;
    rate /= std::strtod(under, &end);
    if (end == under) rate = 0;
  }
  if (text.empty() || *end != '\0' || !(rate > 0) || rate > kHighest) {
    return arrow::Status::Invalid("format argument timeCodesPerSecond='", text,
                                  "' is no number above 0, such as 24 or 1/60");
  }
  return rate;
}

/// The text that a percent-encoded value stands for: OpenUSD splits arguments at '&', for which it
/// has no escape of its own. https://www.rfc-editor.org/rfc/rfc3986#section-2.1
arrow::Result<std::string> DecodePercent(const std::string& name, const std::string& value) {
  std::string text;
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '%') {
      text += value[i];
      continue;
    }
    unsigned byte = 0;
    const char* const end = value.data() + std::min(i + 3, value.size());
    const auto read = std::from_chars(value.data() + i + 1, end, byte, 16);
    if (read.ptr != value.data() + i + 3 || byte == 0) {
      return arrow::Status::Invalid("format argument ", name, "='", value,
                                    "' has a '%' that encodes no character; write %25 for it");
    }
    text += static_cast<char>(byte);
    i += 2;
  }
  if (text.empty()) return arrow::Status::Invalid("format argument '", name, "' is empty");
  return text;
}

/// Whether the arguments go together.
arrow::Status Check(const UsdParquetArguments& parsed) {
  if (parsed.key.empty() && !parsed.ids.empty()) {
    return arrow::Status::Invalid(
        "format argument 'ids' needs 'key', the column with the ids of the rows");
  }
  if (!parsed.key.empty() && parsed.ids.empty()) {
    return arrow::Status::Invalid(
        "format argument 'key' needs 'ids', a Parquet file with the paths and the ids of prims");
  }
  if (!parsed.key.empty() && !parsed.path_column.empty()) {
    return arrow::Status::Invalid(
        "format arguments 'path' and 'key' exclude each other: rows have paths or ids");
  }
  const usdparquet::ColorRequest& colors = parsed.colors;
  if (colors.column.empty() && !(colors.ramp.empty() && colors.range.empty())) {
    return arrow::Status::Invalid("format argument '", colors.ramp.empty() ? "range" : "ramp",
                                  "' needs 'color', the column to be shown as colours");
  }
  return arrow::Status::OK();
}

}  // namespace

const char kUsdParquetArgumentNames[] =
    "path, columns, prefix, cache_mb, time, start, timeCodesPerSecond, nulls, key, ids, "
    "color, ramp, range";

arrow::Result<UsdParquetArguments> UsdParquetParseArguments(
    const SdfFileFormat::FileFormatArguments& arguments) {
  UsdParquetArguments parsed;
  for (const auto& [name, value] : arguments) {
    if (name == "path") {
      if (value.empty()) return arrow::Status::Invalid("format argument 'path' names no column");
      parsed.path_column = value;
    } else if (name == "key") {
      ARROW_ASSIGN_OR_RAISE(parsed.key, DecodePercent(name, value));
    } else if (name == "ids") {
      ARROW_ASSIGN_OR_RAISE(parsed.ids, DecodePercent(name, value));
    } else if (name == "color") {
      ARROW_ASSIGN_OR_RAISE(parsed.colors.column, DecodePercent(name, value));
    } else if (name == "ramp" || name == "range") {
      if (value.empty()) return arrow::Status::Invalid("format argument '", name, "' is empty");
      (name == "ramp" ? parsed.colors.ramp : parsed.colors.range) = value;
    } else if (name == "time") {
      if (value.empty()) return arrow::Status::Invalid("format argument 'time' names no column");
      parsed.time_column = value;
    } else if (name == "start") {
      parsed.time_start = usdparquet::ParseTimestamp(value);
      if (!parsed.time_start) {
        return arrow::Status::Invalid("format argument start='", value,
                                      "' is no ISO 8601 timestamp, such as 2024-05-01T12:00:00Z");
      }
    } else if (name == "timeCodesPerSecond") {
      ARROW_ASSIGN_OR_RAISE(parsed.time_codes_per_second, ParseRate(value));
    } else if (name == "columns") {
      parsed.columns.emplace();
      for (const std::string& column : TfStringSplit(value, ",")) {
        const std::string trimmed = TfStringTrim(column);
        if (trimmed.empty()) {
          return arrow::Status::Invalid(
              "format argument columns='", value,
              "' has an empty name; give column names with commas between");
        }
        parsed.columns->push_back(trimmed);
      }
      if (parsed.columns->empty()) {
        return arrow::Status::Invalid("format argument 'columns' names no column");
      }
    } else if (name == "prefix") {
      ARROW_ASSIGN_OR_RAISE(parsed.prefix, ParsePrefix(value));
    } else if (name == "nulls") {
      if (value != "declare") {
        return arrow::Status::Invalid("format argument nulls='", value, "' is not 'declare'");
      }
      parsed.declares_nulls = true;
    } else if (name == "cache_mb") {
      ARROW_ASSIGN_OR_RAISE(parsed.cache_bytes, ParseMegabytes(value));
    } else if (name != SdfFileFormatTokens->TargetArg.GetString()) {
      parsed.unknown.push_back(name);
    }
  }
  ARROW_RETURN_NOT_OK(Check(parsed));
  return parsed;
}

PXR_NAMESPACE_CLOSE_SCOPE
